-- Uses of a kind that is held without a grant of theirs, of the same member, benefit and quantity; uses of another kind
-- with one; and uses that were taken back whose grant is not ended.
SELECT redemption.id, redemption.member_id,
    CASE WHEN benefit.kind = ANY(%(held_kinds)s::text[]) THEN redemption.quantity ELSE 0 END
        || CASE redemption.state WHEN 'returned' THEN ' ended' ELSE '' END,
    coalesce(held.quantity || ' ' || held.state, '0')
FROM benefits_redemption redemption
JOIN benefits_benefit benefit ON benefit.id = redemption.benefit_id
LEFT JOIN benefits_grant held ON held.redemption_id = redemption.id
WHERE redemption.id BETWEEN %(first)s AND %(last)s AND CASE
    WHEN held.id IS NULL THEN benefit.kind = ANY(%(held_kinds)s::text[])
    ELSE benefit.kind <> ALL(%(held_kinds)s::text[]) OR redemption.state = 'returned' AND held.state <> 'ended'
        OR (held.member_id, held.benefit_id, held.quantity)
            <> (redemption.member_id, redemption.benefit_id, redemption.quantity)
END
ORDER BY redemption.id
