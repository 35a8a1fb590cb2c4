-- The entries of a wallet that took more than its lots gave, oldest first, and how much more. Reads only.
SELECT entry.id, (-entry.points - coalesce(drawn.points, 0))::bigint
FROM memberships_pointsentry entry
LEFT JOIN LATERAL (
    SELECT sum(draw.points) AS points FROM memberships_lotdraw draw WHERE draw.entry_id = entry.id
) AS drawn ON true
WHERE entry.enrolment_id = %(enrolment)s AND entry.kind IN ('reverse', 'adjust') AND entry.points < 0
    AND entry.debit = 'liability' AND -entry.points > coalesce(drawn.points, 0)
ORDER BY entry.id
