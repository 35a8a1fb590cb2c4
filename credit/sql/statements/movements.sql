-- What moved the balance of a line from a first to a last day, in its order: an invoice on its own date, all else on the
-- ledger's. What is claimed of a payment that bounced stands under the claim's own number and due day; the bounce is of
-- the rest, and left out where there is none. Reads the line's entries by index, locks nothing.
SELECT day, kind, number, note, due_on, amount
FROM (
    SELECT
        CASE WHEN entry.kind IN ('invoice', 'late_fee') THEN invoice.invoiced_on ELSE entry."on" END AS day,
        entry.id, entry.kind, coalesce(note.number, invoice.number, receipt.key, '') AS number,
        coalesce(note.reason, nullif(invoice.order_number, ''), receipt.reference, '') AS note,
        CASE WHEN entry.kind IN ('invoice', 'late_fee', 'reclaim') THEN invoice.due_on END AS due_on,
        CASE entry.kind WHEN 'bounce' THEN entry.amount - coalesce((
            SELECT sum(claim.amount)
            FROM credit_creditentry claim
            WHERE claim.receipt_id = entry.receipt_id AND claim.line_id = entry.line_id AND claim.kind = 'reclaim'
        ), 0) ELSE entry.amount END AS amount
    FROM credit_creditentry entry
    LEFT JOIN credit_invoice invoice ON invoice.id = entry.invoice_id
    LEFT JOIN credit_creditnote note ON note.id = entry.credit_note_id
    LEFT JOIN credit_receipt receipt ON receipt.id = entry.receipt_id
    WHERE entry.line_id = %(line)s AND entry.kind = ANY(%(kinds)s::text[])
) AS moved
WHERE day BETWEEN %(first)s AND %(last)s AND amount <> 0
ORDER BY day, id
