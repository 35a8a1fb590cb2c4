-- What was open of some lines at the end of a day, by buckets. As ageing/invoices, read by the indexes of a line.
SELECT credit_bucket(due_on, %(on)s), sum(amount)
FROM (
    SELECT due_on, outstanding AS amount
    FROM credit_invoice
    WHERE line_id = ANY(%(lines)s::bigint[]) AND outstanding > 0 AND invoiced_on <= %(on)s
    UNION ALL
    SELECT invoice.due_on, CASE entry.debit WHEN 'receivable' THEN -entry.amount ELSE entry.amount END
    FROM credit_creditentry entry
    JOIN credit_invoice invoice ON invoice.id = entry.invoice_id AND invoice.invoiced_on <= %(on)s
    WHERE entry.line_id = ANY(%(lines)s::bigint[]) AND entry."on" > %(on)s
        AND entry.kind IN ('credit_note', 'allocate', 'deallocate', 'write_off', 'recover')
) AS part
GROUP BY 1
HAVING sum(amount) <> 0
ORDER BY 1
