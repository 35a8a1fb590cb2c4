-- The most that a line's increases come to on any day from a day on; 0 without any. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_increases_from(line bigint, since date) RETURNS numeric
LANGUAGE sql STABLE AS $function$
    SELECT coalesce(max(total), 0)
    FROM (
        SELECT sum(increase.amount) AS total
        FROM (
            SELECT since AS day
            UNION
            SELECT later.starts_on
            FROM credit_temporaryincrease later
            WHERE later.line_id = line AND later.starts_on > since AND later.ends_on >= later.starts_on
        ) AS days
        JOIN credit_temporaryincrease increase
            ON increase.line_id = line AND increase.starts_on <= days.day AND increase.ends_on >= days.day
        GROUP BY days.day
    ) AS totals
$function$;
