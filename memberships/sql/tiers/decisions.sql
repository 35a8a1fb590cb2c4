-- What an evaluation on a business date makes of the wallets of a range, by the rules of a ladder: one row for each
-- wallet of its programme. The rules are told in memberships/services/tier_evaluation.py. Read by the night, its dry
-- run, the what-if (with the ladder of a draft) and the desk.
--
-- ladder     {"group", "programme", "window", "window_months", "downgrade", "grace_days", "has_plans", "tiers": [{"id",
--            "rank", "threshold", "is_floor", "plan_code", "is_retired"}, ...]}; tiers of a draft have negative ids
-- was_...    the standing as it was found; NULL: none yet
-- ends_on    the last day of the standing's tier, where it has one, days of grace not included
-- points     in the window from window_from to window_to, both included, which decides: the running one, or else the
--            closed period; threshold: of the tier that was lost, else of the one that is given
-- is_below   what the points and cards give is less than the tier that is held
-- kind       first, up, down, kept; grace: the days of grace begin, nothing is lost yet; NULL: nothing changes
-- to_tier    the tier afterwards, also where nothing changes; cause, held_until, below_since: the standing then
-- seen       a fingerprint of the decision and of the standing that it rests on
--
-- Tiers are counted by their place in the ladder. OFFSET 0 keeps the planner from writing out the words of one step
-- into each place of the next where they are used.
CREATE OR REPLACE FUNCTION memberships_tier_decisions(
    ladder jsonb, business_date date, first_id bigint, last_id bigint
)
RETURNS TABLE (
    enrolment_id bigint, member_id bigint, standing_id bigint, was_tier bigint, was_cause text, was_since date,
    was_held_until date, was_below_since date, ends_on date, points bigint, window_from date, window_to date,
    threshold bigint, is_below boolean, kind text, to_tier bigint, cause text, held_until date, below_since date,
    seen bigint
)
LANGUAGE sql STABLE AS $function$
WITH tier AS MATERIALIZED (
    SELECT listed.*, listed.plan_code = '' AND NOT listed.is_retired AS is_climbed,
        row_number() OVER (ORDER BY listed.rank)::integer AS place
    FROM jsonb_to_recordset(ladder->'tiers')
        AS listed (id bigint, rank integer, threshold bigint, is_floor boolean, plan_code text, is_retired boolean)
), rules AS MATERIALIZED (
    SELECT
        ladder->>'window' AS win, (ladder->>'window_months')::integer AS months,
        ladder->>'window' IN ('calendar_year', 'anniversary') AS has_periods,
        ladder->>'downgrade' AS downgrade, (ladder->>'grace_days')::integer AS grace_days,
        -- Days that are the same for all, reckoned once; NULL in a ladder of membership years.
        memberships_tier_window_from(ladder->>'window', (ladder->>'window_months')::integer, NULL, business_date)
            AS common_from,
        memberships_tier_held_until(ladder->>'window', (ladder->>'window_months')::integer, NULL, business_date)
            AS common_until,
        array_agg(tier.id ORDER BY tier.place) AS ids,
        array_agg(tier.threshold ORDER BY tier.place) AS needs,
        array_agg(tier.is_retired ORDER BY tier.place) AS retired,
        -- Those that points give: their thresholds, and their places.
        array_agg(tier.threshold ORDER BY tier.threshold, tier.place) FILTER (WHERE tier.is_climbed) AS thresholds,
        array_agg(tier.place ORDER BY tier.threshold, tier.place) FILTER (WHERE tier.is_climbed) AS climbed,
        min(tier.place) FILTER (WHERE tier.is_climbed) AS lowest,
        -- For each place the floor at or below it, and the next tier below that points give.
        array_agg((
            SELECT max(other.place) FROM tier other
            WHERE other.is_floor AND NOT other.is_retired AND other.place <= tier.place
        ) ORDER BY tier.place) AS floors,
        array_agg((
            SELECT max(other.place) FROM tier other WHERE other.is_climbed AND other.place < tier.place
        ) ORDER BY tier.place) AS below
    FROM tier
), counted AS NOT MATERIALIZED (
    -- Windows that are the same for all: nothing but the index of qualifying entries is read.
    SELECT entry.enrolment_id,
        sum(entry.qualifying) FILTER (WHERE entry."on" >= coalesce(span.now_from, '-infinity'))::bigint AS now,
        sum(entry.qualifying) FILTER (WHERE entry."on" < span.now_from)::bigint AS closed
    FROM memberships_pointsentry entry
    CROSS JOIN (
        SELECT memberships_tier_window_from(
            ladder->>'window', (ladder->>'window_months')::integer, NULL, business_date
        ) AS now_from
    ) AS span
    WHERE ladder->>'window' <> 'anniversary' AND entry.enrolment_id BETWEEN first_id AND last_id
        AND entry.qualifying <> 0 AND entry."on" <= business_date
        AND entry."on" >= coalesce(
            CASE WHEN ladder->>'window' = 'calendar_year' THEN (span.now_from - interval '1 year')::date
                ELSE span.now_from END, '-infinity'
        )
    GROUP BY entry.enrolment_id
    UNION ALL
    -- Membership years: each wallet has its own.
    SELECT wallet.id,
        sum(entry.qualifying) FILTER (WHERE entry."on" >= wallet.now_from),
        sum(entry.qualifying) FILTER (WHERE entry."on" < wallet.now_from)
    FROM (
        SELECT own.id, own.now_from, memberships_tier_window_from('anniversary', NULL, own.enrolled_on, own.now_from - 1)
            AS closed_from
        FROM (
            SELECT e.id, e.enrolled_on,
                memberships_tier_window_from('anniversary', NULL, e.enrolled_on, business_date) AS now_from
            FROM memberships_enrolment e
            WHERE e.programme_id = (ladder->>'programme')::bigint AND e.id BETWEEN first_id AND last_id
            OFFSET 0
        ) AS own
        OFFSET 0
    ) AS wallet
    JOIN memberships_pointsentry entry ON entry.enrolment_id = wallet.id
    WHERE ladder->>'window' = 'anniversary' AND entry.enrolment_id BETWEEN first_id AND last_id
        AND entry.qualifying <> 0 AND entry."on" BETWEEN wallet.closed_from AND business_date
    GROUP BY wallet.id
)
SELECT
    decided.id, decided.member_id, decided.standing_id, decided.tier_id, decided.cause, decided.since,
    decided.held_until, decided.below_since, decided.ends_on,
    CASE WHEN decided.by_closed THEN decided.closed_points ELSE decided.now_points END,
    CASE WHEN decided.by_closed
        THEN memberships_tier_window_from(decided.win, decided.months, decided.enrolled_on, decided.now_from - 1)
        ELSE decided.now_from END,
    CASE WHEN decided.by_closed THEN decided.now_from - 1 ELSE business_date END,
    decided.needs[CASE WHEN decided.kind IN ('down', 'grace') THEN decided.place ELSE decided.target END],
    decided.is_below, decided.kind,
    decided.ids[decided.target],
    CASE WHEN decided.kind IN ('first', 'up', 'down', 'kept') THEN decided.given_by ELSE decided.cause END,
    CASE
        WHEN decided.kind IN ('first', 'up', 'down', 'kept') THEN
            CASE
                WHEN decided.given_by = 'plan' OR decided.downgrade = 'none' OR decided.below[decided.target] IS NULL
                    OR decided.floors[decided.target] = decided.target THEN NULL
                WHEN decided.has_periods AND decided.now_place >= decided.target IS NOT TRUE
                    THEN memberships_tier_held_until(
                        decided.win, decided.months, decided.enrolled_on, decided.now_from - 1
                    )
                ELSE memberships_tier_held_until(decided.win, decided.months, decided.enrolled_on, business_date)
            END
        ELSE decided.held_until
    END,
    CASE decided.kind WHEN 'grace' THEN decided.ends_on + 1 ELSE
        CASE WHEN decided.kind IS NULL THEN decided.below_since END
    END,
    CASE WHEN decided.kind IS NOT NULL THEN hashtextextended(concat_ws(
        '|', decided.kind, decided.ids[decided.target], decided.given_by, coalesce(decided.tier_id, 0),
        coalesce(decided.cause, '-'), coalesce(decided.since, '-infinity'), coalesce(decided.held_until, '-infinity'),
        coalesce(decided.below_since, '-infinity')
    ), 0) END
FROM (
    SELECT weighed.*,
        -- By the closed period: where the running one does not give as much, and at a period's end.
        weighed.has_periods AND (
            weighed.now_place >= weighed.target IS NOT TRUE AND weighed.closed_place >= weighed.target
            OR weighed.kind IN ('down', 'grace') AND weighed.cause = 'points'
        ) IS TRUE AS by_closed,
        CASE
            WHEN weighed.points_place >= weighed.target THEN 'points'
            WHEN weighed.plan_place = weighed.target THEN 'plan'
            -- A floor, or a step: it holds as one that points gave.
            ELSE 'points'
        END AS given_by
    FROM (
        SELECT judged.*,
            CASE
                WHEN judged.place IS NULL AND judged.best IS NOT NULL THEN 'first'
                WHEN judged.best > judged.place THEN 'up'
                WHEN judged.is_over AND judged.best = judged.place THEN 'kept'
                WHEN judged.is_over AND judged.is_in_grace THEN
                    CASE WHEN judged.below_since IS NULL THEN 'grace' END
                WHEN judged.is_over AND judged.fallen = judged.place THEN 'kept'
                WHEN judged.is_over AND judged.fallen > judged.place THEN 'up'
                WHEN judged.is_over AND judged.fallen < judged.place THEN 'down'
                -- Reached again in a new period: it holds for the one after, too.
                WHEN judged.cause = 'points' AND judged.has_periods AND judged.can_fall
                    AND judged.now_place >= judged.place
                    AND judged.ends_on < coalesce(judged.common_until, memberships_tier_held_until(
                        judged.win, judged.months, judged.enrolled_on, business_date
                    )) THEN 'kept'
            END AS kind,
            CASE
                WHEN judged.place IS NULL OR judged.best > judged.place THEN judged.best
                WHEN judged.is_over AND judged.best = judged.place IS NOT TRUE AND NOT judged.is_in_grace
                    THEN coalesce(judged.fallen, judged.place)
                ELSE judged.place
            END AS target,
            coalesce(judged.best < judged.place, judged.place IS NOT NULL) AS is_below
        FROM (
            SELECT dated.*,
                coalesce(dated.retired[dated.place], FALSE) OR CASE
                    WHEN dated.cause = 'plan' THEN dated.plan_place IS DISTINCT FROM dated.place
                    ELSE coalesce(dated.ends_on < business_date, FALSE)
                END AS is_over,
                coalesce(
                    dated.cause = 'points' AND NOT dated.retired[dated.place]
                        AND business_date <= dated.ends_on + dated.grace_days, FALSE
                ) AS is_in_grace,
                greatest(dated.best, dated.floors[dated.place], CASE
                    WHEN dated.cause = 'points' AND dated.downgrade = 'one_step' AND NOT dated.retired[dated.place]
                        THEN dated.below[dated.place]
                    ELSE dated.lowest
                END) AS fallen
            FROM (
                SELECT placed.*,
                    greatest(placed.now_place, placed.closed_place) AS points_place,
                    greatest(placed.now_place, placed.closed_place, placed.plan_place) AS best,
                    CASE placed.cause
                        WHEN 'points' THEN CASE WHEN placed.can_fall THEN coalesce(
                            placed.held_until, memberships_tier_held_until(
                                placed.win, placed.months, placed.enrolled_on, placed.since
                            )
                        ) END
                        WHEN 'plan' THEN NULL
                        ELSE placed.held_until
                    END AS ends_on
                FROM (
                    SELECT found.*,
                        found.climbed[width_bucket(greatest(found.now_points, 0), found.thresholds)] AS now_place,
                        CASE WHEN found.has_periods THEN
                            found.climbed[width_bucket(greatest(found.closed_points, 0), found.thresholds)]
                        END AS closed_place,
                        coalesce(
                            found.downgrade <> 'none' AND found.below[found.place] IS NOT NULL
                                AND found.floors[found.place] IS DISTINCT FROM found.place, FALSE
                        ) AS can_fall
                    FROM (
                        SELECT wallet.id, wallet.member_id, wallet.enrolled_on, rules.*,
                            standing.id AS standing_id, standing.tier_id, standing.cause, standing.since,
                            standing.held_until, standing.below_since,
                            coalesce(counted.now, 0) AS now_points, coalesce(counted.closed, 0) AS closed_points,
                            array_position(rules.ids, standing.tier_id) AS place,
                            -- The highest tier that a card of the member gives, its days of grace included.
                            CASE WHEN (ladder->>'has_plans')::boolean THEN (
                                SELECT max(tier.place)
                                FROM memberships_subscription s
                                JOIN memberships_plan plan ON plan.id = s.plan_id
                                JOIN tier ON tier.plan_code = plan.code AND tier.plan_code <> '' AND NOT tier.is_retired
                                WHERE s.member_id = wallet.member_id AND s.programme_id = wallet.programme_id
                                    AND s.started_on <= business_date
                                    AND s.paid_until + plan.grace_days >= business_date
                                    AND (s.ended_on IS NULL OR s.ended_on >= business_date)
                            ) END AS plan_place,
                            CASE WHEN ladder->>'window' = 'anniversary' THEN memberships_tier_window_from(
                                'anniversary', NULL, wallet.enrolled_on, business_date
                            ) ELSE rules.common_from END AS now_from
                        FROM memberships_enrolment wallet
                        CROSS JOIN rules
                        LEFT JOIN memberships_tierstanding standing
                            ON standing.enrolment_id = wallet.id AND standing.enrolment_id BETWEEN first_id AND last_id
                            AND standing.group_id = (ladder->>'group')::bigint
                        LEFT JOIN counted ON counted.enrolment_id = wallet.id
                        WHERE wallet.programme_id = (ladder->>'programme')::bigint
                            AND wallet.id BETWEEN first_id AND last_id AND wallet.enrolled_on <= business_date
                            -- What happened since then is not undone by a night that is run again.
                            AND (standing.since IS NULL OR standing.since <= business_date)
                        OFFSET 0
                    ) AS found
                    OFFSET 0
                ) AS placed
                OFFSET 0
            ) AS dated
            OFFSET 0
        ) AS judged
        OFFSET 0
    ) AS weighed
    OFFSET 0
) AS decided
$function$;
