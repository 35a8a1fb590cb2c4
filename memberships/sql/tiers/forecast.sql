-- What an evaluation of a range of wallets on a day would make of them by the rules of a ladder: how many go from which
-- tier to which, and how many are held above what their points give. Wallets of which the same is known are decided
-- once, and together. Reads only.
WITH facts AS (
    SELECT found.tier_id, found.place, found.cause, found.hold, found.is_noted, found.is_due_again, found.now_place,
        found.closed_place, found.plan_place, count(*) AS members
    FROM memberships_tier_facts(%(ladder)s, %(on)s, %(first)s, %(last)s) AS found
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
)
SELECT facts.tier_id, (memberships_numbers(%(ladder)s::jsonb->'ids'))[decided.target] AS to_tier,
    coalesce(decided.kind, '') AS kind, sum(facts.members)::bigint,
    coalesce(sum(facts.members) FILTER (WHERE decided.is_below AND decided.target = facts.place), 0)::bigint
FROM facts
CROSS JOIN LATERAL memberships_tier_decide(
    %(ladder)s, facts.place, facts.cause, facts.hold, facts.is_noted, facts.is_due_again, facts.now_place,
    facts.closed_place, facts.plan_place
) AS decided
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
