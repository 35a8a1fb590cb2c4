-- Invoices of which something else is credited than their credit notes say.
SELECT invoice.id, invoice.member_id, coalesce(noted.amount, 0.00), invoice.credited
FROM credit_invoice invoice
LEFT JOIN (
    SELECT invoice_id, sum(amount) AS amount
    FROM credit_creditnote
    WHERE invoice_id BETWEEN %(first)s AND %(last)s
    GROUP BY invoice_id
) noted ON noted.invoice_id = invoice.id
WHERE invoice.id BETWEEN %(first)s AND %(last)s AND invoice.credited <> coalesce(noted.amount, 0)
ORDER BY invoice.id
