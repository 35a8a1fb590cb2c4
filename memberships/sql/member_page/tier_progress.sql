-- Of each of some wallets and each ladder of its programme: the qualifying points that count on a day, and the next tier
-- that points give above the one it stands on (none: it is the highest). Reads the index of qualifying entries
-- (pointsentry_qualifying) from the window's first day on.
SELECT wallet.id, ladder.id, coalesce(counted.points, 0)::bigint, next_tier.id, next_tier.threshold
FROM memberships_enrolment wallet
JOIN memberships_tiergroup ladder ON ladder.programme_id = wallet.programme_id
LEFT JOIN memberships_tierstanding standing ON standing.member_id = wallet.member_id
    AND standing.enrolment_id = wallet.id AND standing.group_id = ladder.id
LEFT JOIN memberships_tier stood_on ON stood_on.id = standing.tier_id
CROSS JOIN LATERAL (
    SELECT sum(entry.qualifying) AS points
    FROM memberships_pointsentry entry
    WHERE entry.enrolment_id = wallet.id AND entry.qualifying <> 0 AND entry."on" <= %(on)s
        AND entry."on" >= coalesce(
            memberships_tier_window_from(ladder."window", ladder.window_months, wallet.enrolled_on, %(on)s), '-infinity'
        )
) AS counted
LEFT JOIN LATERAL (
    SELECT tier.id, tier.threshold
    FROM memberships_tier tier
    WHERE tier.group_id = ladder.id AND tier.rank > coalesce(stood_on.rank, -1) AND tier.plan_code = ''
        AND (tier.retired_on IS NULL OR tier.retired_on > %(on)s)
    ORDER BY tier.rank
    LIMIT 1
) AS next_tier ON true
WHERE wallet.id = ANY(%(wallets)s)
ORDER BY wallet.id, ladder.id
