-- Entries whose points are not what they drew from the lots (a spend, the reversal of an earn) or gave back (the reversal
-- of a spend). An earn makes a lot and an expiry leaves it as it is: neither draws.
SELECT
    entry.id, entry.member_id, CASE WHEN entry.kind IN ('spend', 'reverse') THEN entry.points ELSE 0 END AS expected,
    -coalesce(drawn.points, 0) AS found
FROM memberships_pointsentry entry
LEFT JOIN (
    SELECT entry_id, sum(points) AS points
    FROM memberships_lotdraw
    WHERE entry_id BETWEEN %(first)s AND %(last)s
    GROUP BY entry_id
) AS drawn ON drawn.entry_id = entry.id
WHERE entry.id BETWEEN %(first)s AND %(last)s
    AND -coalesce(drawn.points, 0) <> CASE WHEN entry.kind IN ('spend', 'reverse') THEN entry.points ELSE 0 END
ORDER BY entry.id
