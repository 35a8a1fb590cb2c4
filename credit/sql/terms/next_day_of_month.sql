-- The first such day of a month from a day on, that one included; of a month that lacks it, its last day.
CREATE OR REPLACE FUNCTION credit_next_day_of_month(day_of_month integer, since date) RETURNS date
LANGUAGE sql IMMUTABLE AS $function$
    SELECT CASE WHEN own.day >= since THEN own.day ELSE following.day END
    FROM (SELECT date_trunc('month', since)::date AS first) AS month
    CROSS JOIN LATERAL (
        SELECT least(first + day_of_month - 1, (first + interval '1 month')::date - 1) AS day
    ) AS own
    CROSS JOIN LATERAL (
        SELECT least(
            (first + interval '1 month')::date + day_of_month - 1, (first + interval '2 months')::date - 1
        ) AS day
    ) AS following
$function$;
