-- What a line holds still of authorisations whose days are over on a day: it counts no more, whether or not a night has let
-- go of it. Reads authorisation_to_expire, locks nothing.
CREATE OR REPLACE FUNCTION credit_held_over(credit_line bigint, day date) RETURNS numeric
LANGUAGE sql STABLE AS $function$
    SELECT coalesce(sum(amount), 0)
    FROM credit_expiring(day, credit_line, credit_line)
$function$;
