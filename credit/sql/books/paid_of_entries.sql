-- Invoices of which something else is paid than was allocated and not taken back.
SELECT invoice.id, invoice.member_id, coalesce(booked.amount, 0.00), invoice.paid
FROM credit_invoice invoice
LEFT JOIN (
    SELECT invoice_id, sum(CASE kind WHEN 'allocate' THEN amount ELSE -amount END) AS amount
    FROM credit_creditentry
    WHERE invoice_id BETWEEN %(first)s AND %(last)s AND kind IN ('allocate', 'deallocate')
    GROUP BY invoice_id
) booked ON booked.invoice_id = invoice.id
WHERE invoice.id BETWEEN %(first)s AND %(last)s AND invoice.paid <> coalesce(booked.amount, 0)
ORDER BY invoice.id
