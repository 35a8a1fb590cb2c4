-- Whether a day is worked: as the holiday calendar says, else from Monday to Friday. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_is_worked(day date) RETURNS boolean
LANGUAGE sql STABLE AS $function$
    SELECT coalesce(
        (SELECT holiday.is_workday FROM credit_holiday holiday WHERE holiday."on" = day), extract(isodow FROM day) < 6
    )
$function$;
