-- Entries whose points are not what they drew from the lots (a spend) or gave back (its reversal), or that drew more
-- than they took (the reversal of an award, an adjustment: what they drew less is owed). Other entries make a lot, or
-- leave it as it is: they draw nothing.
SELECT entry.id, entry.member_id, drawing.expected, -coalesce(drawn.points, 0) AS found
FROM memberships_pointsentry entry
JOIN LATERAL (
    SELECT
        CASE WHEN entry.kind IN ('spend', 'reverse') OR entry.kind = 'adjust' AND entry.points < 0
            THEN entry.points ELSE 0
        END AS expected,
        entry.kind IN ('reverse', 'adjust') AND entry.points < 0 AND entry.debit = 'liability' AS may_owe
) AS drawing ON true
LEFT JOIN (
    SELECT entry_id, sum(points) AS points
    FROM memberships_lotdraw
    WHERE entry_id BETWEEN %(first)s AND %(last)s
    GROUP BY entry_id
) AS drawn ON drawn.entry_id = entry.id
WHERE entry.id BETWEEN %(first)s AND %(last)s AND CASE
    WHEN drawing.may_owe THEN coalesce(drawn.points, 0) NOT BETWEEN 0 AND -entry.points
    ELSE -coalesce(drawn.points, 0) <> drawing.expected
END
ORDER BY entry.id
