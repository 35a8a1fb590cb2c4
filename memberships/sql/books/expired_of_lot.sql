-- Lots of these wallets of which more or less expired than what remains of them; the key is the lot's.
SELECT lot.id, lot.member_id, lot.remaining, expired.points
FROM (
    SELECT lot_id, -sum(points) AS points
    FROM memberships_pointsentry
    WHERE enrolment_id BETWEEN %(first)s AND %(last)s AND kind = 'expire'
    GROUP BY lot_id
) AS expired
JOIN memberships_pointslot lot ON lot.id = expired.lot_id
WHERE lot.remaining <> expired.points
ORDER BY lot.id
