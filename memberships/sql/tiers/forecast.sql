-- What an evaluation of all wallets on a day would make of them by the rules of a ladder: how many go from which tier to
-- which, and how many are held above what their points give. Reads only.
SELECT decision.was_tier, decision.to_tier, coalesce(decision.kind, ''), count(*),
    count(*) FILTER (WHERE decision.is_below AND decision.was_tier = decision.to_tier)
FROM memberships_tier_decisions(%(ladder)s, %(on)s, %(first)s, %(last)s) AS decision
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
