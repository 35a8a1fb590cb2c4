-- The term rules that were ever agreed for lines, each with the plans of the firm's other cards, which may
-- carry the line. Reads by index, locks nothing.
SELECT DISTINCT card.plan_id, version.terms
FROM credit_creditline line
JOIN memberships_subscription card ON card.member_id = line.member_id AND card.programme_id = line.programme_id
    AND card.id <> line.subscription_id
JOIN credit_lineversion version ON version.line_id = line.id
WHERE line.id = ANY(%(lines)s::bigint[])
