-- The bucket of an ageing on a day, by the days since the due day: 0 current, 1 of 1 to 30, 2 of 31 to 60, 3 of 61 to 90,
-- 4 over 90. Pauses change nothing of it.
CREATE OR REPLACE FUNCTION credit_bucket(due date, day date) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT CASE
        WHEN due >= day THEN 0 WHEN due >= day - 30 THEN 1 WHEN due >= day - 60 THEN 2 WHEN due >= day - 90 THEN 3
        ELSE 4
    END
$function$;
