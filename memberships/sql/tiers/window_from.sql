-- The first day whose points count on a day, by the window of a ladder; NULL: all days count (cumulative).
-- Membership years begin on the enrolment's day; who enrolled on 29 February begins on the 28th in common years.
CREATE OR REPLACE FUNCTION memberships_tier_window_from(kind text, months integer, enrolled_on date, day date)
RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
SELECT CASE kind
    WHEN 'calendar_year' THEN make_date(extract(year FROM day)::integer, 1, 1)
    WHEN 'rolling_months' THEN (day - make_interval(months => months))::date + 1
    WHEN 'anniversary' THEN
        (enrolled_on + make_interval(years => memberships_full_years(enrolled_on, day)))::date
END
$function$;
