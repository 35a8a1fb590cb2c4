-- How many years are full on a day since the first one (29 February: full on the 28th in common years).
CREATE OR REPLACE FUNCTION memberships_full_years(since date, day date)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
SELECT years - ((since + make_interval(years => years))::date > day)::integer
FROM (SELECT (extract(year FROM day) - extract(year FROM since))::integer AS years) AS between_them
$function$;
