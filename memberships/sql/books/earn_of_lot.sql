-- Earning entries whose lot has other points, or is not there.
SELECT entry.id, entry.member_id, coalesce(lot.points, 0) AS expected, entry.points
FROM memberships_pointsentry entry
LEFT JOIN memberships_pointslot lot ON lot.id = entry.lot_id AND lot.enrolment_id = entry.enrolment_id
WHERE entry.id BETWEEN %(first)s AND %(last)s AND entry.kind = 'earn' AND lot.points IS DISTINCT FROM entry.points
ORDER BY entry.id
