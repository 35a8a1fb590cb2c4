-- Last day of a term that begins on a day, counted from the card's first day of all (the anchor), so that an anchor of
-- 31 January ends a term on 28 February (or the leap day's eve) and the next on 30 March. memberships/dates.py has the
-- rule in words; a property test compares the two.
CREATE OR REPLACE FUNCTION memberships_term_ends_on(anchor date, starts_on date, months integer)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
SELECT (anchor + make_interval(months => (
    (extract(year FROM starts_on) * 12 + extract(month FROM starts_on))
    - (extract(year FROM anchor) * 12 + extract(month FROM anchor))
)::integer + months))::date - 1
$function$;
