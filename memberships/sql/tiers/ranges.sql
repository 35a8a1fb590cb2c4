-- Ranges of wallets for each ladder that has tiers: those of its programme, in blocks that span %(size)s keys. Reads the
-- wallets once. Returns group, first and last wallet, and how many there are.
SELECT ladder.id, block.first, block.last, block.size
FROM (
    SELECT programme_id, min(id) AS first, max(id) AS last, count(*) AS size
    FROM memberships_enrolment
    GROUP BY programme_id, id / %(size)s
) AS block
JOIN memberships_tiergroup ladder ON ladder.programme_id = block.programme_id
WHERE EXISTS (SELECT FROM memberships_tier tier WHERE tier.group_id = ladder.id)
ORDER BY ladder.id, block.first
