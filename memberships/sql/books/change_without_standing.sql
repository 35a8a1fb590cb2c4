-- Wallets that came to a tier once, and stand on none.
SELECT change.enrolment_id, change.member_id, to_tier.code, '–'
FROM memberships_tierchange change
JOIN memberships_tier to_tier ON to_tier.id = change.to_tier_id
WHERE change.id BETWEEN %(first)s AND %(last)s AND change.kind = 'first'
    AND NOT EXISTS (
        SELECT FROM memberships_tierstanding standing
        WHERE standing.member_id = change.member_id AND standing.enrolment_id = change.enrolment_id
            AND standing.group_id = change.group_id
    )
ORDER BY change.id
