-- A choice group as it was on a day: what it was until a later one (benefits_formerchoicegroup), else what it is now.
CREATE OR REPLACE FUNCTION benefits_group_on(choosing bigint, day date)
RETURNS TABLE (
    id bigint, "window" text, basis text, picks integer, deadline_days integer, cost_cap numeric
)
LANGUAGE sql STABLE AS $function$
SELECT choice_group.id,
    CASE WHEN former.id IS NULL THEN choice_group."window" ELSE former."window" END::text,
    CASE WHEN former.id IS NULL THEN choice_group.basis ELSE former.basis END::text,
    CASE WHEN former.id IS NULL THEN choice_group.picks ELSE former.picks END::integer,
    CASE WHEN former.id IS NULL THEN choice_group.deadline_days ELSE former.deadline_days END::integer,
    CASE WHEN former.id IS NULL THEN choice_group.cost_cap ELSE former.cost_cap END
FROM benefits_choicegroup choice_group
LEFT JOIN LATERAL (
    SELECT version.*
    FROM benefits_formerchoicegroup version
    WHERE version.group_id = choice_group.id AND version.until > day
    ORDER BY version.until
    LIMIT 1
) AS former ON true
WHERE choice_group.id = choosing
$function$;

-- Its options on that day.
CREATE OR REPLACE FUNCTION benefits_options_on(choosing bigint, day date)
RETURNS TABLE (benefit_id bigint, rank integer, is_default boolean, cost numeric)
LANGUAGE sql STABLE AS $function$
SELECT option.benefit_id, option.rank::integer, option.is_default, option.cost
FROM benefits_choiceoption option
WHERE option.group_id = choosing AND NOT EXISTS (
    SELECT FROM benefits_formerchoicegroup version WHERE version.group_id = choosing AND version.until > day
)
UNION ALL
SELECT option.benefit, option.rank, option.is_default, option.cost
FROM (
    SELECT version.options
    FROM benefits_formerchoicegroup version
    WHERE version.group_id = choosing AND version.until > day
    ORDER BY version.until
    LIMIT 1
) AS former
CROSS JOIN LATERAL jsonb_to_recordset(former.options)
    AS option (benefit bigint, rank integer, is_default boolean, cost numeric)
$function$;
