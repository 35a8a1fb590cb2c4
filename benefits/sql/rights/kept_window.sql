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

-- From which day the days to choose in a window are counted that nothing was chosen in yet: the window's first day, or
-- the first of a right to it (`earliest`), or the day on which another window that was chosen in was over: as long as
-- that one was kept, nothing could be chosen in this one. What was chosen in this very window does not count: in a card's
-- grace, which goes on in its last window, the days to choose do not begin anew. NULL: there is no window.
CREATE OR REPLACE FUNCTION benefits_opened_on(member bigint, choosing bigint, first date, earliest date, day date)
RETURNS date
LANGUAGE sql STABLE AS $function$
SELECT CASE WHEN first IS NOT NULL THEN greatest(first, earliest, (
    SELECT max(choice.window_until)
    FROM benefits_choice choice
    WHERE choice.member_id = member AND choice.group_id = choosing AND choice."on" <= day
        AND choice.window_until <= day AND choice.window_from <> first
)) END
$function$;
