-- Until which day, included, a tier holds that the points give on a day: the end of the period after that day's; of a
-- rolling window, as many months from the day. NULL: the ladder's window has no periods (cumulative).
-- This is the one place where it is said; who is given a tier by the closed period asks for that period's last day.
CREATE OR REPLACE FUNCTION memberships_tier_held_until(kind text, months integer, enrolled_on date, day date)
RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
SELECT CASE kind
    WHEN 'calendar_year' THEN make_date(extract(year FROM day)::integer + 1, 12, 31)
    WHEN 'rolling_months' THEN (day + make_interval(months => months))::date - 1
    WHEN 'anniversary' THEN
        (enrolled_on + make_interval(years => memberships_full_years(enrolled_on, day) + 2))::date - 1
END
$function$;
