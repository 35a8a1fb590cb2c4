-- Changes from or to a tier that is gone or of another ladder than theirs, in a wallet that is not the member's, or on
-- a ladder that is not of the wallet's programme. Found: the tiers, and the ladder's programme.
SELECT change.enrolment_id, change.member_id,
    coalesce(ladder.code, change.group_id::text) || ' ' || coalesce(wallet.programme_id::text, '–'),
    concat_ws(
        ' ', coalesce(from_tier.code, change.from_tier_id::text), coalesce(to_tier.code, change.to_tier_id::text),
        coalesce(ladder.programme_id::text, '–')
    )
FROM memberships_tierchange change
LEFT JOIN memberships_tiergroup ladder ON ladder.id = change.group_id
LEFT JOIN memberships_tier from_tier ON from_tier.id = change.from_tier_id
LEFT JOIN memberships_tier to_tier ON to_tier.id = change.to_tier_id
LEFT JOIN memberships_enrolment wallet ON wallet.id = change.enrolment_id AND wallet.member_id = change.member_id
WHERE change.id BETWEEN %(first)s AND %(last)s
    AND (
        wallet.id IS NULL OR wallet.programme_id IS DISTINCT FROM ladder.programme_id
        OR to_tier.group_id IS DISTINCT FROM change.group_id
        OR (change.from_tier_id IS NOT NULL AND from_tier.group_id IS DISTINCT FROM change.group_id)
    )
ORDER BY change.id
