-- What these receipts, one of a line at the most, pay of which open invoices of their lines, by the order of allocation
-- of the day's policy (without one: reference, exact amount, oldest due):
--
--   reference     invoices that the payer named, the oldest due first
--   exact_amount  one invoice of which exactly as much is open as is left of the receipt; the oldest due of several
--   oldest_due    what is open, the oldest due first
--
-- What is left after the last rule stays unapplied. Reads the line's open invoices by index, locks nothing: the lines are
-- locked by who asks (services/allocations.py), and what comes out is booked in the same transaction.
CREATE OR REPLACE FUNCTION credit_allocations(receipts bigint[], day date)
RETURNS TABLE (receipt_id bigint, line_id bigint, member_id bigint, invoice_id bigint, amount numeric)
LANGUAGE sql STABLE
-- One receipt or ten thousand: planned for what is asked.
SET plan_cache_mode = force_custom_plan AS $function$
    WITH paying AS MATERIALIZED (
        SELECT
            receipt.id, receipt.line_id, receipt.member_id, receipt.unapplied AS amount,
            CASE WHEN receipt.reference <> '' THEN credit_reference_tokens(receipt.reference) ELSE '{}' END AS words,
            coalesce(nullif(policy.allocation, '[]'), '["reference", "exact_amount", "oldest_due"]') AS rules
        FROM credit_receipt receipt
        JOIN credit_creditline line ON line.id = receipt.line_id
        LEFT JOIN credit_creditpolicy policy
            ON policy.programme_id = line.programme_id AND policy.starts_on <= day
            AND (policy.ends_on IS NULL OR policy.ends_on >= day)
        WHERE receipt.id = ANY (receipts) AND receipt.unapplied > 0
    ),
    placed AS MATERIALIZED (
        SELECT
            paying.id, paying.line_id, paying.member_id, paying.amount, paying.words,
            array_position(ranked.rules, 'reference') AS by_reference,
            array_position(ranked.rules, 'exact_amount') AS by_amount,
            array_position(ranked.rules, 'oldest_due') AS by_age
        FROM paying
        CROSS JOIN LATERAL (SELECT array_agg(rule) AS rules FROM jsonb_array_elements_text(paying.rules) rule) ranked
    ),
    payable AS MATERIALIZED (
        SELECT
            placed.id, placed.line_id, placed.member_id, placed.amount, placed.by_reference, placed.by_amount,
            placed.by_age, invoice.id AS invoice_id, invoice.due_on, invoice.outstanding,
            placed.by_reference IS NOT NULL AND length(invoice.number) > 2 AND invoice.number = ANY (placed.words)
                AS is_named
        FROM placed
        JOIN credit_invoice invoice ON invoice.line_id = placed.line_id AND invoice.outstanding > 0
    ),
    -- Of the named ones so much is taken before an amount is compared, where they come first.
    remaining AS (
        SELECT
            payable.*,
            payable.amount - CASE WHEN payable.by_reference < payable.by_amount THEN
                least(payable.amount, coalesce(sum(payable.outstanding) FILTER (WHERE payable.is_named) OVER one, 0))
            ELSE 0 END AS compared
        FROM payable
        WINDOW one AS (PARTITION BY payable.id)
    ),
    exact AS (
        SELECT
            remaining.*,
            remaining.outstanding = remaining.compared AND row_number() OVER (
                PARTITION BY remaining.id, remaining.outstanding = remaining.compared
                    AND NOT (remaining.is_named AND remaining.by_reference < remaining.by_amount)
                ORDER BY remaining.due_on, remaining.invoice_id
            ) = 1 AND NOT (remaining.is_named AND remaining.by_reference < remaining.by_amount) AS is_exact
        FROM remaining
    ),
    in_order AS (
        SELECT exact.*, place.place
        FROM exact
        CROSS JOIN LATERAL (
            SELECT least(
                CASE WHEN exact.is_named THEN exact.by_reference END,
                CASE WHEN exact.is_exact THEN exact.by_amount END,
                exact.by_age
            ) AS place
        ) place
        WHERE place.place IS NOT NULL
    ),
    running AS (
        SELECT
            in_order.*,
            sum(in_order.outstanding) OVER (
                PARTITION BY in_order.id ORDER BY in_order.place, in_order.due_on, in_order.invoice_id
            ) - in_order.outstanding AS before
        FROM in_order
    )
    SELECT running.id, running.line_id, running.member_id, running.invoice_id,
        least(running.outstanding, running.amount - running.before)
    FROM running
    WHERE running.before < running.amount
$function$;
