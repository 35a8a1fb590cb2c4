-- Members' uses of a benefit that are not what their redemptions add up to, but for those that were returned.
SELECT usage.id, usage.member_id, coalesce(counted.quantity, 0), usage.uses
FROM benefits_usage usage
LEFT JOIN LATERAL (
    SELECT sum(redemption.quantity) AS quantity
    FROM benefits_redemption redemption
    WHERE redemption.member_id = usage.member_id AND redemption.benefit_id = usage.benefit_id
        AND redemption.state = 'done'
) AS counted ON true
WHERE usage.id BETWEEN %(first)s AND %(last)s AND usage.uses <> coalesce(counted.quantity, 0)
ORDER BY usage.id
