-- What an evaluation on a business date has to know of the wallets of a range: one row for each wallet of the ladder's
-- programme that was there by then and whose standing is not of a later day (what happened since is not undone by a
-- night that is run again). Reads only.
--
-- ladder        what Ladder.as_json says
-- place         where the tier stands in the ladder, 1 is the lowest; now_place, closed_place, plan_place: the highest
--               tier that the points of the running window give, those of the closed period, and a card
-- hold          none: the standing has no last day; holds; grace: it is over, but not the days of grace; over
-- is_noted      it was noted that the days of grace have begun
-- is_due_again  who reaches the tier today has it for longer
--
-- Quick over millions: the planner writes this into the statement that calls it, where the rules are constants, and
-- reads wallets, standings and the index of qualifying entries (which holds all that is asked) side by side, in order.
CREATE OR REPLACE FUNCTION memberships_tier_facts(ladder jsonb, business_date date, first_id bigint, last_id bigint)
RETURNS TABLE (
    enrolment_id bigint, member_id bigint, enrolled_on date, standing_id bigint, tier_id bigint, cause text, since date,
    held_until date, below_since date, now_points bigint, closed_points bigint,
    place integer, hold text, is_noted boolean, is_due_again boolean,
    now_place bigint, closed_place bigint, plan_place integer
)
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
WITH rules AS NOT MATERIALIZED (
    SELECT ladder->>'window' AS win, (ladder->>'window_months')::integer AS months,
        ladder->>'window' IN ('calendar_year', 'anniversary') AS has_periods,
        (ladder->>'grace_days')::integer AS grace_days,
        memberships_numbers(ladder->'ids') AS ids,
        memberships_numbers(ladder->'thresholds') AS thresholds, memberships_numbers(ladder->'climbed') AS climbed,
        memberships_tier_window_from(ladder->>'window', (ladder->>'window_months')::integer, NULL, business_date)
            AS now_from
), counted AS (
    -- A window that is the same for all.
    SELECT entry.enrolment_id,
        sum(entry.qualifying) FILTER (WHERE entry."on" >= coalesce(rules.now_from, '-infinity'))::bigint AS now,
        sum(entry.qualifying) FILTER (WHERE entry."on" < rules.now_from)::bigint AS closed
    FROM memberships_pointsentry entry
    CROSS JOIN rules
    WHERE rules.win <> 'anniversary' AND entry.enrolment_id BETWEEN first_id AND last_id
        AND entry.qualifying <> 0 AND entry."on" <= business_date
        AND entry."on" >= coalesce(
            CASE WHEN rules.has_periods THEN memberships_tier_window_from(rules.win, NULL, NULL, rules.now_from - 1)
                ELSE rules.now_from END, '-infinity'
        )
    GROUP BY entry.enrolment_id
), counted_by_year AS (
    -- Membership years: each wallet has its own.
    SELECT wallet.id,
        sum(entry.qualifying) FILTER (WHERE entry."on" >= wallet.now_from)::bigint AS now,
        sum(entry.qualifying) FILTER (WHERE entry."on" < wallet.now_from)::bigint AS closed
    FROM (
        SELECT own.id, own.now_from,
            memberships_tier_window_from('anniversary', NULL, own.enrolled_on, own.now_from - 1) AS closed_from
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
), found AS (
    SELECT wallet.id, wallet.member_id, wallet.enrolled_on,
        standing.id AS standing_id, standing.tier_id, standing.cause, standing.since, standing.held_until,
        standing.below_since,
        coalesce(counted.now, counted_by_year.now, 0) AS now_points,
        coalesce(counted.closed, counted_by_year.closed, 0) AS closed_points
    FROM memberships_enrolment wallet
    LEFT JOIN memberships_tierstanding standing
        ON standing.enrolment_id = wallet.id AND standing.enrolment_id BETWEEN first_id AND last_id
        AND standing.group_id = (ladder->>'group')::bigint
    LEFT JOIN counted ON counted.enrolment_id = wallet.id AND ladder->>'window' <> 'anniversary'
    LEFT JOIN counted_by_year ON counted_by_year.id = wallet.id AND ladder->>'window' = 'anniversary'
    WHERE wallet.programme_id = (ladder->>'programme')::bigint
        AND wallet.id BETWEEN first_id AND last_id AND wallet.enrolled_on <= business_date
        AND (standing.since IS NULL OR standing.since <= business_date)
), placed AS (
    SELECT found.*,
        array_position(rules.ids, found.tier_id) AS place,
        rules.climbed[width_bucket(greatest(found.now_points, 0), rules.thresholds)] AS now_place
    FROM found
    CROSS JOIN rules
    -- Or the words of one step would be written out, and worked out, at each place where the next uses them.
    OFFSET 0
)
SELECT placed.id, placed.member_id, placed.enrolled_on, placed.standing_id, placed.tier_id, placed.cause, placed.since,
    placed.held_until, placed.below_since, placed.now_points, placed.closed_points,
    placed.place,
    CASE
        WHEN placed.held_until IS NULL THEN 'none'
        WHEN placed.held_until >= business_date THEN 'holds'
        WHEN placed.held_until + rules.grace_days >= business_date THEN 'grace'
        ELSE 'over'
    END,
    placed.below_since IS NOT NULL,
    CASE WHEN rules.has_periods AND placed.now_place >= placed.place THEN
        placed.held_until < memberships_tier_held_until(rules.win, rules.months, placed.enrolled_on, business_date)
    END,
    placed.now_place,
    CASE WHEN rules.has_periods THEN
        rules.climbed[width_bucket(greatest(placed.closed_points, 0), rules.thresholds)]
    END,
    -- By a card of the member, its days of grace included.
    CASE WHEN ladder->'plans' <> '[]' THEN (
        SELECT max(given.place)
        FROM memberships_subscription s
        JOIN memberships_plan plan ON plan.id = s.plan_id
        JOIN jsonb_to_recordset(ladder->'plans') AS given (code text, place integer) ON given.code = plan.code
        WHERE s.member_id = placed.member_id AND s.programme_id = (ladder->>'programme')::bigint
            AND s.started_on <= business_date
            AND s.paid_until + plan.grace_days >= business_date
            AND (s.ended_on IS NULL OR s.ended_on >= business_date)
    ) END
FROM placed
CROSS JOIN rules
$function$;
