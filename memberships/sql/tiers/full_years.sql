-- How many years are full on a day since the first one (29 February: full on the 28th in common years).
-- One expression, so that the planner writes it out instead of calling it.
CREATE OR REPLACE FUNCTION memberships_full_years(since date, day date)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
SELECT (date_part('year', day) - date_part('year', since))::integer - (
    (since + make_interval(years => (date_part('year', day) - date_part('year', since))::integer))::date > day
)::integer
$function$;
