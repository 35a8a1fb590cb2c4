-- Invoices that are not booked exactly once, at their amount: a purchase as one, a late fee as one, a claim as one.
SELECT invoice.id, invoice.member_id, '1 × ' || invoice.amount, count(entry.id) || ' × ' || coalesce(max(entry.amount), 0)
FROM credit_invoice invoice
LEFT JOIN credit_creditentry entry ON entry.invoice_id = invoice.id AND entry.kind IN ('invoice', 'late_fee', 'reclaim')
WHERE invoice.id BETWEEN %(first)s AND %(last)s
GROUP BY invoice.id
HAVING count(entry.id) <> 1 OR max(entry.amount) <> invoice.amount
    OR max(entry.kind) <> CASE invoice.kind WHEN 'late_fee' THEN 'late_fee' WHEN 'claim' THEN 'reclaim' ELSE 'invoice' END
ORDER BY invoice.id
