-- How many wallets stand on each tier now: (programme, tier, wallets). Reads the index of standings by tier.
SELECT ladder.programme_id, standing.tier_id, count(*)
FROM memberships_tierstanding standing
JOIN memberships_tier tier ON tier.id = standing.tier_id
JOIN memberships_tiergroup ladder ON ladder.id = tier.group_id
GROUP BY 1, 2
ORDER BY 1, 2
