-- Invoices of which something else is credited than the entries of credit notes.
SELECT invoice.id, invoice.member_id, coalesce(booked.amount, 0.00), invoice.credited
FROM credit_invoice invoice
LEFT JOIN (
    SELECT invoice_id, sum(amount) AS amount
    FROM credit_creditentry
    WHERE invoice_id BETWEEN %(first)s AND %(last)s AND kind IN ('credit_note')
    GROUP BY invoice_id
) booked ON booked.invoice_id = invoice.id
WHERE invoice.id BETWEEN %(first)s AND %(last)s AND invoice.credited <> coalesce(booked.amount, 0)
ORDER BY invoice.id
