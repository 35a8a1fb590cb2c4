-- Wallets that owe something else than what their entries took and no lot gave.
SELECT wallet.id, wallet.member_id, coalesce(owed.points, 0) AS expected, wallet.debt
FROM memberships_enrolment wallet
LEFT JOIN (
    SELECT entry.enrolment_id, sum(-entry.points - coalesce(drawn.points, 0)) AS points
    FROM memberships_pointsentry entry
    LEFT JOIN LATERAL (
        SELECT sum(draw.points) AS points FROM memberships_lotdraw draw WHERE draw.entry_id = entry.id
    ) AS drawn ON true
    WHERE entry.enrolment_id BETWEEN %(first)s AND %(last)s AND entry.kind IN ('reverse', 'adjust') AND entry.points < 0
    GROUP BY entry.enrolment_id
) AS owed ON owed.enrolment_id = wallet.id
WHERE wallet.id BETWEEN %(first)s AND %(last)s AND wallet.debt <> coalesce(owed.points, 0)
ORDER BY wallet.id
