-- Lots of which something else remains than their points less their draws.
SELECT lot.id, lot.member_id, lot.points - coalesce(drawn.points, 0) AS expected, lot.remaining
FROM memberships_pointslot lot
LEFT JOIN (
    SELECT lot_id, sum(points) AS points
    FROM memberships_lotdraw
    WHERE lot_id BETWEEN %(first)s AND %(last)s
    GROUP BY lot_id
) AS drawn ON drawn.lot_id = lot.id
WHERE lot.id BETWEEN %(first)s AND %(last)s AND lot.remaining <> lot.points - coalesce(drawn.points, 0)
ORDER BY lot.id
