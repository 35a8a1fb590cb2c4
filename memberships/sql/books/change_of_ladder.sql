-- Changes from or to a tier of another ladder than theirs.
SELECT change.enrolment_id, change.member_id, ladder.code, tier.code
FROM memberships_tierchange change
JOIN memberships_tiergroup ladder ON ladder.id = change.group_id
JOIN memberships_tier tier ON tier.id IN (change.from_tier_id, change.to_tier_id)
WHERE change.id BETWEEN %(first)s AND %(last)s AND tier.group_id <> change.group_id
ORDER BY change.id, tier.id
