-- Changes that do not begin with the tier to which the change before them led. A tier that is gone goes by its number.
SELECT change.enrolment_id, change.member_id,
    coalesce(led_to.code, previous.to_tier_id::text, '–'), coalesce(from_tier.code, change.from_tier_id::text, '–')
FROM memberships_tierchange change
LEFT JOIN LATERAL (
    SELECT earlier.to_tier_id
    FROM memberships_tierchange earlier
    WHERE earlier.enrolment_id = change.enrolment_id AND earlier.group_id = change.group_id AND earlier.id < change.id
    ORDER BY earlier.id DESC
    LIMIT 1
) AS previous ON TRUE
LEFT JOIN memberships_tier led_to ON led_to.id = previous.to_tier_id
LEFT JOIN memberships_tier from_tier ON from_tier.id = change.from_tier_id
WHERE change.id BETWEEN %(first)s AND %(last)s AND change.from_tier_id IS DISTINCT FROM previous.to_tier_id
ORDER BY change.id
