-- How many members stand on a tier, and how many of them have fewer qualifying points than a threshold in the window
-- of its ladder that runs on a day. Who stands there by a card, a match or by hand does not stand there by points.
-- Reads only.
SELECT
    count(*) AS members,
    count(*) FILTER (WHERE standing.cause = 'points' AND coalesce(counted.points, 0) < %(threshold)s) AS below
FROM memberships_tierstanding standing
JOIN memberships_enrolment wallet ON wallet.id = standing.enrolment_id
JOIN memberships_tiergroup ladder ON ladder.id = standing.group_id
CROSS JOIN LATERAL (
    SELECT sum(entry.qualifying) AS points
    FROM memberships_pointsentry entry
    WHERE entry.enrolment_id = standing.enrolment_id AND entry.qualifying <> 0 AND entry."on" <= %(on)s
        AND entry."on" >= coalesce(
            memberships_tier_window_from(ladder."window", ladder.window_months, wallet.enrolled_on, %(on)s), '-infinity'
        )
) AS counted
WHERE standing.tier_id = %(tier)s
