-- The invoices of a range of lines that are overdue on a business date, or that have an overdue state: what they have, and
-- what they should have by the policy of the day (without one, or without that state in it: none).
--
-- days    as credit_overdue_days counts them; 0 or less where pauses cover all of them
-- was     the state as the last night saw it
--
-- Both parts are read from the small indexes invoice_open and invoice_settled alone. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_overdue_invoices(business_date date, first_line bigint, last_line bigint)
RETURNS TABLE (
    line_id bigint, invoice_id bigint, due_on date, outstanding numeric, days integer, was varchar, state varchar
)
LANGUAGE sql STABLE AS $function$
WITH step AS MATERIALIZED (
    SELECT
        policy.programme_id,
        min(days) FILTER (WHERE state = 'reminder') AS reminder, min(days) FILTER (WHERE state = 'warning') AS warning,
        min(days) FILTER (WHERE state = 'hold') AS hold, min(days) FILTER (WHERE state = 'collection') AS collection
    FROM credit_creditpolicy policy, jsonb_to_recordset(policy.dunning) AS rule(state text, days integer)
    WHERE policy.starts_on <= business_date AND (policy.ends_on IS NULL OR policy.ends_on >= business_date)
    GROUP BY policy.programme_id
),
paused AS MATERIALIZED (
    SELECT DISTINCT pause.line_id
    FROM credit_overduepause pause
    WHERE pause.line_id BETWEEN first_line AND last_line AND pause.starts_on <= business_date
),
counted AS (
    SELECT
        invoice.line_id, invoice.id, invoice.due_on, invoice.outstanding, invoice.overdue_state,
        CASE WHEN paused.line_id IS NULL THEN business_date - invoice.due_on
            ELSE credit_overdue_days(invoice.line_id, invoice.id, invoice.due_on, business_date) END AS days
    FROM credit_invoice invoice
    LEFT JOIN paused ON paused.line_id = invoice.line_id
    WHERE invoice.line_id BETWEEN first_line AND last_line
        AND invoice.outstanding > 0 AND invoice.due_on < business_date
)
SELECT
    counted.line_id, counted.id, counted.due_on, counted.outstanding, counted.days, counted.overdue_state,
    CASE
        WHEN counted.days >= step.collection THEN 'collection' WHEN counted.days >= step.hold THEN 'hold'
        WHEN counted.days >= step.warning THEN 'warning' WHEN counted.days >= step.reminder THEN 'reminder'
        ELSE 'none'
    END
FROM counted
JOIN credit_creditline line ON line.id = counted.line_id
LEFT JOIN step ON step.programme_id = line.programme_id
UNION ALL
SELECT invoice.line_id, invoice.id, invoice.due_on, 0, 0, invoice.overdue_state, 'none'
FROM credit_invoice invoice
WHERE invoice.line_id BETWEEN first_line AND last_line AND invoice.outstanding = 0 AND invoice.overdue_state <> 'none'
$function$;
