-- For how many days an invoice has been overdue on a day: those after its due day, the day itself included, less those of
-- pauses of its line and its own (a day of two pauses counts once). Pauses move neither the due day nor the buckets of
-- an ageing, and release no draw (sql/draws/hindrances.sql). 0 or less: not overdue. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_overdue_days(line bigint, invoice bigint, due date, day date) RETURNS integer
LANGUAGE sql STABLE AS $function$
    SELECT day - due - coalesce((
        SELECT sum(upper(span) - lower(span))::integer
        FROM unnest((
            SELECT range_agg(daterange(greatest(pause.starts_on, due + 1), least(pause.ends_on, day), '[]'))
            FROM credit_overduepause pause
            WHERE pause.line_id = line AND (pause.invoice_id IS NULL OR pause.invoice_id = invoice)
                AND pause.ends_on > due AND pause.starts_on <= day AND pause.starts_on <= pause.ends_on
        )) AS span
    ), 0)
$function$;
