-- Invoices of some lines that were open at the end of a day, the oldest due first: %(size)s after the one with that due day
-- and key; in a bucket, or in any (NULL). As credit_open_on has it, read by the indexes of a line.
WITH part AS (
    SELECT id AS invoice_id, outstanding AS amount
    FROM credit_invoice
    WHERE line_id = ANY(%(lines)s::bigint[]) AND outstanding > 0 AND invoiced_on <= %(on)s
    UNION ALL
    SELECT invoice_id, CASE debit WHEN 'receivable' THEN -amount ELSE amount END
    FROM credit_creditentry
    WHERE line_id = ANY(%(lines)s::bigint[]) AND "on" > %(on)s
        AND kind IN ('credit_note', 'allocate', 'deallocate', 'write_off', 'recover')
),
was_open AS (
    SELECT invoice_id, sum(amount) AS amount FROM part GROUP BY invoice_id HAVING sum(amount) <> 0
)
SELECT
    invoice.id, invoice.number, invoice.kind, invoice.invoiced_on, invoice.due_on, invoice.amount, was_open.amount,
    credit_bucket(invoice.due_on, %(on)s)
FROM was_open
JOIN credit_invoice invoice ON invoice.id = was_open.invoice_id AND invoice.invoiced_on <= %(on)s
WHERE (%(bucket)s::integer IS NULL OR credit_bucket(invoice.due_on, %(on)s) = %(bucket)s)
    AND (%(after_due)s::date IS NULL OR (invoice.due_on, invoice.id) > (%(after_due)s, %(after_id)s))
ORDER BY invoice.due_on, invoice.id
LIMIT %(size)s
