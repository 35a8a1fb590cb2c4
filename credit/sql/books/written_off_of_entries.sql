-- Invoices of which something else is written off than the entries say.
SELECT invoice.id, invoice.member_id, coalesce(booked.amount, 0.00), invoice.written_off
FROM credit_invoice invoice
LEFT JOIN (
    SELECT invoice_id, sum(CASE kind WHEN 'write_off' THEN amount ELSE -amount END) AS amount
    FROM credit_creditentry
    WHERE invoice_id BETWEEN %(first)s AND %(last)s AND kind IN ('write_off', 'recover')
    GROUP BY invoice_id
) booked ON booked.invoice_id = invoice.id
WHERE invoice.id BETWEEN %(first)s AND %(last)s AND invoice.written_off <> coalesce(booked.amount, 0)
ORDER BY invoice.id
