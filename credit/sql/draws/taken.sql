-- How much of a room is taken by amounts that come one after the other, where one that does not fit is passed over and
-- those after it are tried still: sum of what fitted so far. As a window aggregate ordered by the place in a file.
CREATE OR REPLACE FUNCTION credit_take(taken numeric, amount numeric, room numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT CASE WHEN taken + amount <= room THEN taken + amount ELSE taken END
$function$;

CREATE AGGREGATE credit_taken(amount numeric, room numeric) (SFUNC = credit_take, STYPE = numeric, INITCOND = '0');
