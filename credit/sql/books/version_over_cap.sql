-- Versions of lines with more than the programme gives with any card that the member had: the highest cap of all versions
-- of those plans that were ever offered with credit. Which card carried a line on a day is not kept, and an offer may be
-- lowered below what was granted before: so the cap of a day is not asked.
SELECT version.id, version.member_id, most.cap, version."limit"
FROM credit_lineversion version
JOIN credit_creditline line ON line.id = version.line_id
CROSS JOIN LATERAL (
    SELECT coalesce(max(coalesce(plan.credit_limit_cap, 'Infinity'::numeric)), 0.00) AS cap
    FROM memberships_plan plan
    WHERE plan.programme_id = line.programme_id
        AND plan.code IN (
            SELECT held.code
            FROM memberships_subscription card
            JOIN memberships_plan held ON held.id = card.plan_id
            WHERE card.member_id = line.member_id AND card.programme_id = line.programme_id
        )
        AND EXISTS (
            SELECT FROM credit_creditpolicy policy
            WHERE policy.programme_id = line.programme_id AND policy.offers ? plan.code
        )
) AS most
WHERE version.line_id BETWEEN %(first)s AND %(last)s AND version."limit" > most.cap
ORDER BY version.id
