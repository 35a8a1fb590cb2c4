-- Entries whose lot has other points than they gave, or is not there; postings that brought something else than returns
-- had left of their lot, or other qualifying points.
SELECT entry.id, entry.member_id, expected.points || ' + ' || expected.qualifying,
    entry.points || ' + ' || entry.qualifying
FROM memberships_pointsentry entry
LEFT JOIN memberships_pointslot lot ON lot.id = entry.lot_id AND lot.enrolment_id = entry.enrolment_id
JOIN LATERAL (
    SELECT
        coalesce(lot.points, 0) + coalesce((
            SELECT sum(reversal.points)
            FROM memberships_pointsentry accrual
            JOIN memberships_pointsentry reversal ON reversal.reverses_id = accrual.id AND reversal.debit = 'pending'
            WHERE entry.kind = 'post' AND accrual.enrolment_id = entry.enrolment_id AND accrual.kind = 'accrue'
                AND accrual.lot_id = entry.lot_id
        ), 0) AS points,
        CASE entry.kind WHEN 'post' THEN coalesce(lot.qualifying, 0) ELSE entry.qualifying END AS qualifying
) AS expected ON (expected.points, expected.qualifying) <> (entry.points, entry.qualifying)
WHERE entry.id BETWEEN %(first)s AND %(last)s
    AND (entry.kind IN ('accrue', 'post', 'reinstate') OR entry.kind IN ('earn', 'adjust') AND entry.points > 0)
ORDER BY entry.id
