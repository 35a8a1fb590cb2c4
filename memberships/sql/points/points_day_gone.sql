-- The first day without the points, by a policy's own terms, of points counted from a day: NULL where they have none.
-- services/points_policies.py has the rule in words; a property test compares the two.
-- A fixed day is reached from January 2000, which has every day there is: the 29th of February is the 28th elsewhere.
CREATE OR REPLACE FUNCTION memberships_points_day_gone(
    expiry text, months integer, fixed_month integer, fixed_day integer, years integer, since date
)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
SELECT CASE
    WHEN expiry = 'months' THEN
        (make_date(extract(year FROM since)::integer, extract(month FROM since)::integer, 1)
            + make_interval(months => months + 1))::date
    WHEN expiry = 'fixed_date' AND years = 0 AND (
        make_date(2000, 1, fixed_day)
        + make_interval(months => (extract(year FROM since)::integer - 2000) * 12 + fixed_month - 1)
    )::date <= since THEN
        (make_date(2000, 1, fixed_day)
            + make_interval(months => (extract(year FROM since)::integer - 1999) * 12 + fixed_month - 1))::date
    WHEN expiry = 'fixed_date' THEN
        (make_date(2000, 1, fixed_day)
            + make_interval(months => (extract(year FROM since)::integer + years - 2000) * 12 + fixed_month - 1))::date
END
$function$;
