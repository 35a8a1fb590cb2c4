-- Standings that are not what the newest change of their wallet and ladder says. A tier that is gone goes by its number.
SELECT standing.enrolment_id, standing.member_id,
    coalesce(newest.code || ' ' || newest.cause || ' ' || coalesce(newest.held_until::text, '–'), '–'),
    coalesce(tier.code, standing.tier_id::text) || ' ' || standing.cause || ' '
        || coalesce(standing.held_until::text, '–')
FROM memberships_tierstanding standing
LEFT JOIN memberships_tier tier ON tier.id = standing.tier_id
LEFT JOIN LATERAL (
    SELECT change.to_tier_id, change.cause, change.held_until,
        coalesce(led_to.code, change.to_tier_id::text) AS code
    FROM memberships_tierchange change
    LEFT JOIN memberships_tier led_to ON led_to.id = change.to_tier_id
    WHERE change.enrolment_id = standing.enrolment_id AND change.group_id = standing.group_id
    ORDER BY change.id DESC
    LIMIT 1
) AS newest ON TRUE
WHERE standing.id BETWEEN %(first)s AND %(last)s
    AND (newest.to_tier_id, newest.cause, newest.held_until)
        IS DISTINCT FROM (standing.tier_id, standing.cause, standing.held_until)
ORDER BY standing.id
