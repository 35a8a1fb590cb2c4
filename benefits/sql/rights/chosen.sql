-- The benefits that a member has of a choice group in the window that begins on `first`: what was chosen and not
-- exchanged, and once the deadline is over, in the order of their ranks, the defaults for what was not. A default is
-- left out when one costs more than the cap leaves, and so are those after it. Only what the member is entitled to on
-- that day (`entitled`, benefits) is there by default: a place is not lost to an option of a higher tier.
-- Group and options are those of that day (group_on.sql).
-- `opened`: the day from which the days to choose are counted. `choice_id` is NULL for a default.
CREATE OR REPLACE FUNCTION benefits_chosen(
    member bigint, choosing bigint, first date, opened date, day date, entitled bigint[]
)
RETURNS TABLE (benefit_id bigint, choice_id bigint)
LANGUAGE sql STABLE AS $function$
WITH choosing_group AS (
    SELECT picks, cost_cap, opened + deadline_days <= day AS is_closed FROM benefits_group_on(choosing, day)
), option AS MATERIALIZED (
    SELECT * FROM benefits_options_on(choosing, day)
), taken AS (
    SELECT choice.benefit_id, choice.id, coalesce(option.cost, 0) AS cost
    FROM benefits_choice choice
    LEFT JOIN option ON option.benefit_id = choice.benefit_id
    WHERE choice.member_id = member AND choice.group_id = choosing AND choice.window_from = first
        -- As it was on that day: what was exchanged on a later one was still there.
        AND choice."on" <= day AND (choice.swapped_on IS NULL OR choice.swapped_on > day)
), filling AS (
    SELECT option.benefit_id, row_number() OVER w AS place, sum(option.cost) OVER w AS cost
    FROM choosing_group
    JOIN option ON option.is_default
    WHERE choosing_group.is_closed AND option.benefit_id = ANY(entitled)
        AND option.benefit_id NOT IN (SELECT taken.benefit_id FROM taken)
        -- A default that was exchanged does not come back.
        AND NOT EXISTS (
            SELECT FROM benefits_choice gone
            WHERE gone.member_id = member AND gone.group_id = choosing AND gone.window_from = first
                AND gone.benefit_id = option.benefit_id AND gone.swapped_on <= day
        )
    WINDOW w AS (ORDER BY option.rank)
)
SELECT taken.benefit_id, taken.id FROM taken
UNION ALL
SELECT filling.benefit_id, NULL
FROM filling
CROSS JOIN choosing_group
WHERE filling.place <= choosing_group.picks - (SELECT count(*) FROM taken)
    AND (
        choosing_group.cost_cap IS NULL
        OR filling.cost + (SELECT coalesce(sum(taken.cost), 0) FROM taken) <= choosing_group.cost_cap
    )
$function$;
