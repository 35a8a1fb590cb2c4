-- Uses of a member and benefit that have no Usage row, so that nothing is locked for them.
SELECT redemption.id, redemption.member_id, redemption.quantity, 0
FROM benefits_redemption redemption
LEFT JOIN benefits_usage usage
    ON usage.member_id = redemption.member_id AND usage.benefit_id = redemption.benefit_id
WHERE redemption.id BETWEEN %(first)s AND %(last)s AND usage.id IS NULL
ORDER BY redemption.id
