-- The ledger of all lines, in the order of time: invoices, receipts, and what those paid.
INSERT INTO credit_creditentry (
    id, member_id, line_id, key, kind, debit, credit, amount, invoice_id, receipt_id, "on", at, reason
)
SELECT row_number() OVER (ORDER BY "on", invoice_id, place), member_id, line_id, kind || ':' || invoice_id, kind, debit, credit,
    amount, CASE WHEN kind <> 'receipt' THEN invoice_id END, CASE WHEN kind <> 'invoice' THEN invoice_id * 2 END, "on",
    "on" + interval '4 hours', ''
FROM (
    SELECT 1 AS place, id AS invoice_id, member_id, line_id, 'invoice' AS kind, 'receivable' AS debit, 'sales' AS credit,
        amount, invoiced_on AS "on"
    FROM credit_invoice
    UNION ALL
    SELECT 2, id, member_id, line_id, 'receipt', 'cash', 'unapplied', amount, due_on - 3 FROM credit_invoice WHERE paid > 0
    UNION ALL
    SELECT 3, id, member_id, line_id, 'allocate', 'unapplied', 'receivable', amount, due_on - 3
    FROM credit_invoice WHERE paid > 0
) AS booked
ORDER BY 1
