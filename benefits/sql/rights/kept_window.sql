-- The window of a choice group that a member chose in, as long as it runs: it stays what it was until it is over, also
-- when the source it was counted from ends, or the group's window is another one by now. Of several that run (they were
-- counted from different sources) the one that began first. `opened`: the day from which its days to choose are counted.
CREATE OR REPLACE FUNCTION benefits_kept_window(member bigint, choosing bigint, day date)
RETURNS TABLE (first date, after date, opened date)
LANGUAGE sql STABLE AS $function$
SELECT choice.window_from, choice.window_until, choice.opened_on
FROM benefits_choice choice
WHERE choice.member_id = member AND choice.group_id = choosing AND choice."on" <= day AND choice.window_from <= day
    AND (choice.window_until IS NULL OR choice.window_until > day)
ORDER BY choice.window_from, choice.id
LIMIT 1
$function$;
