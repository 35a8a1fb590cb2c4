-- Standings on a tier of another ladder than theirs, or on a ladder of another programme than the wallet's.
SELECT standing.enrolment_id, standing.member_id,
    ladder.code || ' ' || coalesce(wallet.programme_id::text, '–'), own.code || ' ' || ladder.programme_id
FROM memberships_tierstanding standing
JOIN memberships_tiergroup ladder ON ladder.id = standing.group_id
JOIN memberships_tier tier ON tier.id = standing.tier_id
JOIN memberships_tiergroup own ON own.id = tier.group_id
LEFT JOIN memberships_enrolment wallet ON wallet.id = standing.enrolment_id AND wallet.member_id = standing.member_id
WHERE standing.id BETWEEN %(first)s AND %(last)s
    AND (tier.group_id <> standing.group_id OR wallet.programme_id IS DISTINCT FROM ladder.programme_id)
ORDER BY standing.id
