-- The rules of a ladder (they are told in memberships/services/tier_evaluation.py): what becomes of a wallet of which
-- memberships_tier_facts says this. One row. Reads nothing.
--
-- kind       first, up, down, kept; grace: the days of grace begin, nothing is lost yet; NULL: nothing changes
-- target     the place of the tier afterwards, also where nothing changes
-- given_by   points or plan: what gives it; by_closed: it is decided by the points of the closed period
-- is_below   what points and cards give is less than the tier that is held
-- can_fall   the tier that is held can be lost; is_over: its hold is over
CREATE OR REPLACE FUNCTION memberships_tier_decide(
    ladder jsonb, place integer, cause text, hold text, is_noted boolean, is_due_again boolean, now_place bigint,
    closed_place bigint, plan_place integer
)
RETURNS TABLE (
    kind text, target bigint, given_by text, by_closed boolean, is_below boolean, can_fall boolean, is_over boolean
)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
WITH rules AS NOT MATERIALIZED (
    SELECT ladder->>'window' IN ('calendar_year', 'anniversary') AS has_periods,
        ladder->>'downgrade' AS downgrade,
        -- By place: the floor at or below it, and the next tier below that points give.
        memberships_numbers(ladder->'floors') AS floors, memberships_numbers(ladder->'below') AS below,
        -- Places: of the retired tiers, and of those that can be lost.
        memberships_numbers(ladder->'retired') AS retired, memberships_numbers(ladder->'fallible') AS fallible,
        (ladder->>'lowest')::bigint AS lowest
), seen AS (
    SELECT greatest(now_place, closed_place) AS points_place, greatest(now_place, closed_place, plan_place) AS best,
        place = ANY (rules.fallible) IS TRUE AS can_fall, place = ANY (rules.retired) IS TRUE AS is_retired
    FROM rules
), judged AS (
    SELECT seen.*,
        seen.is_retired OR CASE cause
            WHEN 'points' THEN seen.can_fall AND hold IN ('grace', 'over')
            WHEN 'plan' THEN plan_place IS DISTINCT FROM place
            ELSE hold IN ('grace', 'over') AND cause IS NOT NULL
        END AS is_over
    FROM seen
), lost AS (
    -- Where the hold is over: what is left.
    SELECT judged.*,
        judged.is_over AND cause = 'points' AND NOT judged.is_retired AND hold = 'grace' AS is_in_grace,
        CASE WHEN judged.is_over THEN greatest(
            judged.best, rules.floors[place],
            CASE WHEN cause = 'points' AND rules.downgrade = 'one_step' AND NOT judged.is_retired
                THEN rules.below[place] ELSE rules.lowest END
        ) END AS fallen
    FROM judged
    CROSS JOIN rules
    -- Or the words of all this would be written out, and worked out, at each place where the next step uses them.
    OFFSET 0
), weighed AS (
    SELECT lost.*,
        CASE
            WHEN place IS NULL THEN CASE WHEN lost.best IS NOT NULL THEN 'first' END
            WHEN lost.best > place THEN 'up'
            WHEN lost.is_over THEN CASE
                WHEN lost.best = place THEN 'kept'
                WHEN lost.is_in_grace THEN CASE WHEN NOT is_noted THEN 'grace' END
                WHEN lost.fallen = place THEN 'kept'
                WHEN lost.fallen > place THEN 'up'
                WHEN lost.fallen < place THEN 'down'
            END
            WHEN cause = 'points' THEN CASE
                -- The rules changed since: there is an end now, or none any more.
                WHEN lost.can_fall = (hold = 'none') THEN 'kept'
                -- Reached again in a new period: it holds for the one after, too.
                WHEN lost.can_fall AND now_place >= place AND is_due_again THEN 'kept'
            END
        END AS kind,
        CASE
            WHEN place IS NULL OR lost.best > place THEN lost.best
            WHEN lost.is_over AND lost.best = place IS NOT TRUE AND NOT lost.is_in_grace
                THEN coalesce(lost.fallen, place)
            ELSE place
        END AS target
    FROM lost
)
SELECT weighed.kind, weighed.target,
    -- A floor, or a step, holds as a tier that points gave.
    CASE WHEN plan_place = weighed.target AND weighed.points_place >= weighed.target IS NOT TRUE THEN 'plan'
        ELSE 'points' END,
    -- Where the running window does not give as much, and at a period's end.
    rules.has_periods AND (
        now_place >= weighed.target IS NOT TRUE AND closed_place >= weighed.target
        OR weighed.kind IN ('down', 'grace') AND cause = 'points'
    ) IS TRUE,
    coalesce(weighed.best < place, place IS NOT NULL), weighed.can_fall, weighed.is_over
FROM weighed
CROSS JOIN rules
$function$;
