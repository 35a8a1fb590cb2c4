-- What an evaluation on a business date makes of the wallets of a range, by the rules of a ladder: one row for each that
-- memberships_tier_facts finds. Read by the night, its dry run and the desk.
--
-- ladder     what Ladder.as_json says
-- was_...    the standing as it was found; NULL: none yet
-- ends_on    the last day of the standing's tier, where it has one, days of grace not included
-- points     in the window from window_from to window_to, both included, which decides: the running one, or else the
--            closed period; threshold: of the tier that was lost, else of the one that is given
-- kind       as memberships_tier_decide says
-- to_tier    the tier afterwards, also where nothing changes; cause, held_until, below_since: the standing then
-- seen       a fingerprint of the decision and of the standing that it rests on
CREATE OR REPLACE FUNCTION memberships_tier_decisions(
    ladder jsonb, business_date date, first_id bigint, last_id bigint
)
RETURNS TABLE (
    enrolment_id bigint, member_id bigint, standing_id bigint, was_tier bigint, was_cause text, was_since date,
    was_held_until date, was_below_since date, ends_on date, points bigint, window_from date, window_to date,
    threshold bigint, is_below boolean, kind text, to_tier bigint, cause text, held_until date, below_since date,
    seen bigint
)
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
WITH rules AS NOT MATERIALIZED (
    SELECT ladder->>'window' AS win, (ladder->>'window_months')::integer AS months,
        ladder->>'window' IN ('calendar_year', 'anniversary') AS has_periods,
        memberships_numbers(ladder->'ids') AS ids, memberships_numbers(ladder->'needs') AS needs,
        memberships_numbers(ladder->'fallible') AS fallible
), decided AS (
    SELECT facts.*, decided.*,
        decided.kind IN ('first', 'up', 'down', 'kept') AS is_given,
        CASE
            WHEN facts.cause = 'plan' OR facts.cause = 'points' AND NOT decided.can_fall THEN NULL
            ELSE facts.held_until
        END AS ends_on,
        memberships_tier_window_from(rules.win, rules.months, facts.enrolled_on, business_date) AS now_from
    FROM memberships_tier_facts(ladder, business_date, first_id, last_id) AS facts
    CROSS JOIN rules
    CROSS JOIN LATERAL memberships_tier_decide(
        ladder, facts.place, facts.cause, facts.hold, facts.is_noted, facts.is_due_again, facts.now_place,
        facts.closed_place, facts.plan_place
    ) AS decided
)
SELECT
    decided.enrolment_id, decided.member_id, decided.standing_id, decided.tier_id, decided.cause, decided.since,
    decided.held_until, decided.below_since, decided.ends_on,
    CASE WHEN decided.by_closed THEN decided.closed_points ELSE decided.now_points END,
    CASE WHEN decided.by_closed
        THEN memberships_tier_window_from(rules.win, rules.months, decided.enrolled_on, decided.now_from - 1)
        ELSE decided.now_from END,
    CASE WHEN decided.by_closed THEN decided.now_from - 1 ELSE business_date END,
    rules.needs[CASE WHEN decided.kind IN ('down', 'grace') THEN decided.place ELSE decided.target END],
    decided.is_below, decided.kind,
    rules.ids[decided.target],
    CASE WHEN decided.is_given THEN decided.given_by ELSE decided.cause END,
    CASE
        WHEN decided.is_given THEN CASE
            WHEN decided.given_by = 'plan' OR decided.target = ANY (rules.fallible) IS NOT TRUE THEN NULL
            -- Of the closed period; but a tier that got its end with new rules holds for a whole period.
            WHEN rules.has_periods AND decided.now_place >= decided.target IS NOT TRUE
                AND (decided.kind <> 'kept' OR decided.is_over)
                THEN memberships_tier_held_until(rules.win, rules.months, decided.enrolled_on, decided.now_from - 1)
            ELSE memberships_tier_held_until(rules.win, rules.months, decided.enrolled_on, business_date)
        END
        ELSE decided.held_until
    END,
    CASE decided.kind WHEN 'grace' THEN decided.ends_on + 1 ELSE
        CASE WHEN decided.kind IS NULL THEN decided.below_since END
    END,
    CASE WHEN decided.kind IS NOT NULL THEN hashtextextended(concat_ws(
        '|', decided.kind, rules.ids[decided.target], decided.given_by, coalesce(decided.tier_id, 0),
        coalesce(decided.cause, '-'), coalesce(decided.since, '-infinity'), coalesce(decided.held_until, '-infinity'),
        coalesce(decided.below_since, '-infinity')
    ), 0) END
FROM decided
CROSS JOIN rules
$function$;
