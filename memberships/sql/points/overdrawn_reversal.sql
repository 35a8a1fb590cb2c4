-- The first of some entries that is reversed by more than it booked, twice, or by another wallet; NULL: all is well.
-- A spend and an expiry come back once and whole; an award, in parts, by no more than its points and its qualifying
-- points (those of a pending award are booked when it is posted); nothing else is reversed.
-- Reads only. Asked by the trigger of entries that reverse, which has locked those they name.
CREATE OR REPLACE FUNCTION memberships_overdrawn_reversal(reversed bigint[])
RETURNS bigint
LANGUAGE sql STABLE AS $function$
SELECT entry.id
FROM memberships_pointsentry entry
JOIN LATERAL (
    SELECT count(*) AS times, sum(reversal.points) AS points, sum(reversal.qualifying) AS qualifying,
        bool_and(reversal.enrolment_id = entry.enrolment_id) AS is_own,
        bool_and(reversal.kind = CASE entry.kind WHEN 'expire' THEN 'reinstate' ELSE 'reverse' END) AS is_apt,
        greatest(max(reversal.points), max(reversal.qualifying)) AS highest
    FROM memberships_pointsentry reversal
    WHERE reversal.reverses_id = entry.id
) AS back ON true
LEFT JOIN memberships_pointsentry posting
    ON entry.kind = 'accrue' AND posting.member_id = entry.member_id AND posting.key = 'post:' || entry.lot_id
WHERE entry.id = ANY(reversed) AND NOT (
    back.is_own AND back.is_apt AND CASE
        WHEN entry.kind IN ('spend', 'expire') THEN back.times = 1 AND back.points = -entry.points
        WHEN entry.kind IN ('earn', 'accrue') THEN
            back.highest <= 0 AND -back.points <= entry.points
            AND -back.qualifying BETWEEN 0 AND coalesce(posting.qualifying, entry.qualifying)
        ELSE false
    END
)
ORDER BY entry.id
LIMIT 1
$function$;
