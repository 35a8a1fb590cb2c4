-- The window that a day stands in: its first day, and the first one after it (NULL: it never ends).
-- `anchor`: the day the right began; `term_from`, `term_after`: the card's term on that day, where there is one.
-- Windows of an anniversary are counted from the anchor, never from the window before: an anchor of 31 January begins
-- a window on 28 February (or the leap day) and the next on 31 March. "ever" begins with the calendar itself.
CREATE OR REPLACE FUNCTION benefits_window(
    kind text, basis text, anchor date, day date, term_from date, term_after date, OUT first date, OUT after date
)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $function$
DECLARE
    months integer;
    passed integer;
BEGIN
    IF kind = 'ever' THEN
        first := '0001-01-01';
    ELSIF kind = 'term' THEN
        first := term_from;
        after := term_after;
    ELSIF kind = 'day' THEN
        first := day;
        after := day + 1;
    ELSIF kind = 'week' THEN
        first := CASE basis
            WHEN 'calendar' THEN date_trunc('week', day)::date ELSE anchor + (day - anchor) / 7 * 7
        END;
        after := first + 7;
    ELSIF basis = 'calendar' THEN
        first := date_trunc(kind, day)::date;
        after := (first + make_interval(months => CASE kind WHEN 'month' THEN 1 ELSE 12 END))::date;
    ELSE
        months := CASE kind WHEN 'month' THEN 1 ELSE 12 END;
        passed := (
            (extract(year FROM day) * 12 + extract(month FROM day))
            - (extract(year FROM anchor) * 12 + extract(month FROM anchor))
        )::integer / months;
        IF (anchor + make_interval(months => passed * months))::date > day THEN
            passed := passed - 1;
        END IF;
        first := (anchor + make_interval(months => passed * months))::date;
        after := (anchor + make_interval(months => (passed + 1) * months))::date;
    END IF;
END
$function$;
