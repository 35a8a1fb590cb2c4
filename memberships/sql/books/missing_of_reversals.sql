-- Awards of which reversals asked for more than there was, or of which more was claimed than lacked.
SELECT award.id, award.member_id, award.points AS expected, back.asked || ' / ' || back.missing AS found
FROM (
    SELECT reverses_id, sum(asked) AS asked, sum(missing) AS missing
    FROM memberships_pointsentry
    WHERE reverses_id BETWEEN %(first)s AND %(last)s
    GROUP BY reverses_id
) AS back
JOIN memberships_pointsentry award ON award.id = back.reverses_id AND award.kind IN ('earn', 'accrue')
WHERE back.asked > award.points OR back.missing NOT BETWEEN 0 AND back.asked
ORDER BY award.id
