-- Wallets that came to a tier once, and stand on none. A tier that is gone goes by its number.
SELECT change.enrolment_id, change.member_id, coalesce(to_tier.code, change.to_tier_id::text), '–'
FROM memberships_tierchange change
LEFT JOIN memberships_tier to_tier ON to_tier.id = change.to_tier_id
WHERE change.id BETWEEN %(first)s AND %(last)s AND change.kind = 'first'
    AND NOT EXISTS (
        SELECT FROM memberships_tierstanding standing
        WHERE standing.member_id = change.member_id AND standing.enrolment_id = change.enrolment_id
            AND standing.group_id = change.group_id
    )
ORDER BY change.id
