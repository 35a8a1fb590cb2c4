-- Standings on a tier that is gone or of another ladder than theirs, in a wallet that is not the member's, or on a
-- ladder that is not of the wallet's programme.
SELECT standing.enrolment_id, standing.member_id,
    coalesce(ladder.code, standing.group_id::text) || ' ' || coalesce(wallet.programme_id::text, '–'),
    coalesce(own.code, '–') || ' ' || coalesce(ladder.programme_id::text, '–')
FROM memberships_tierstanding standing
LEFT JOIN memberships_tiergroup ladder ON ladder.id = standing.group_id
LEFT JOIN memberships_tier tier ON tier.id = standing.tier_id
LEFT JOIN memberships_tiergroup own ON own.id = tier.group_id
LEFT JOIN memberships_enrolment wallet ON wallet.id = standing.enrolment_id AND wallet.member_id = standing.member_id
WHERE standing.id BETWEEN %(first)s AND %(last)s
    AND (
        wallet.id IS NULL OR wallet.programme_id IS DISTINCT FROM ladder.programme_id
        OR tier.group_id IS DISTINCT FROM standing.group_id
    )
ORDER BY standing.id
