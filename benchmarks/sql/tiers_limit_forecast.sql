-- The plain way: one aggregate over all qualifying entries of two years, joined with the standings and counted.
SELECT standing.tier_id, points.reached, count(*)
FROM memberships_tierstanding standing
JOIN (
    SELECT enrolment_id, greatest(
        width_bucket(sum(qualifying) FILTER (WHERE "on" >= %(year)s)::bigint, %(thresholds)s::bigint[]),
        width_bucket(sum(qualifying) FILTER (WHERE "on" < %(year)s)::bigint, %(thresholds)s::bigint[])
    ) AS reached
    FROM memberships_pointsentry
    WHERE qualifying <> 0 AND "on" BETWEEN %(closed_year)s AND %(on)s
    GROUP BY enrolment_id
) AS points ON points.enrolment_id = standing.enrolment_id
GROUP BY 1, 2
ORDER BY 1, 2
