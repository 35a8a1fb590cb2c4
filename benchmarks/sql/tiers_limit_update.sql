-- The plain way: one aggregate over all qualifying entries of two years, and an UPDATE of the standings that differ.
UPDATE bench_standing standing
SET tier_id = (%(tiers)s::bigint[])[points.reached], since = %(on)s, held_until = %(held_until)s
FROM (
    SELECT enrolment_id, greatest(
        width_bucket(sum(qualifying) FILTER (WHERE "on" >= %(year)s)::bigint, %(thresholds)s::bigint[]),
        width_bucket(sum(qualifying) FILTER (WHERE "on" < %(year)s)::bigint, %(thresholds)s::bigint[])
    ) AS reached
    FROM memberships_pointsentry
    WHERE qualifying <> 0 AND "on" BETWEEN %(closed_year)s AND %(on)s
    GROUP BY enrolment_id
) AS points
WHERE standing.enrolment_id = points.enrolment_id
    AND standing.tier_id <> (%(tiers)s::bigint[])[points.reached]
