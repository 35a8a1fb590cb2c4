-- The lines of a range of which a night has something to write: their overdue state, amount or first day, or the state of
-- an invoice of theirs, is not what the business date makes it. Read by the dry run and by the work itself.
--
-- was, state           before and from then on: the line has the furthest state of its invoices
-- overdue_amount       what is outstanding of its overdue invoices; those that are paused from the first day are none
-- overdue_since        the first day after the oldest due day of those
-- invoices, states     the invoices whose state becomes another, and which
-- seen                 a fingerprint of all that
CREATE OR REPLACE FUNCTION credit_due_lines(business_date date, first_line bigint, last_line bigint)
RETURNS TABLE (
    line_id bigint, member_id bigint, was varchar, state varchar, overdue_amount numeric, overdue_since date,
    invoices bigint[], states varchar[], seen bigint
)
LANGUAGE sql STABLE AS $function$
WITH standing AS (
    SELECT
        invoice.line_id,
        max(CASE invoice.state
            WHEN 'collection' THEN 4 WHEN 'hold' THEN 3 WHEN 'warning' THEN 2 WHEN 'reminder' THEN 1 ELSE 0
        END) AS rank,
        sum(invoice.outstanding) FILTER (WHERE invoice.days > 0) AS amount,
        min(invoice.due_on) FILTER (WHERE invoice.days > 0) + 1 AS since,
        array_agg(invoice.invoice_id) FILTER (WHERE invoice.state <> invoice.was) AS invoices,
        array_agg(invoice.state) FILTER (WHERE invoice.state <> invoice.was) AS states
    FROM credit_overdue_invoices(business_date, first_line, last_line) AS invoice
    GROUP BY invoice.line_id
),
compared AS (
    SELECT
        line.id, line.member_id, line.overdue_state AS was, line.overdue_amount AS was_amount,
        line.overdue_since AS was_since,
        (ARRAY['none', 'reminder', 'warning', 'hold', 'collection'])[coalesce(standing.rank, 0) + 1] AS state,
        coalesce(standing.amount, 0) AS amount, standing.since, standing.invoices, standing.states
    FROM credit_creditline line
    LEFT JOIN standing ON standing.line_id = line.id
    WHERE line.id BETWEEN first_line AND last_line
)
SELECT
    id, member_id, was, state, amount, since, invoices, states,
    hashtextextended(concat_ws('|', was, state, amount, since, invoices::text, states::text), 0)
FROM compared
WHERE state <> was OR amount <> was_amount OR since IS DISTINCT FROM was_since OR invoices IS NOT NULL
$function$;
