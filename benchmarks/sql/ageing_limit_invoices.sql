-- The limit of a night that ages invoices: what ours found out is known beforehand.
UPDATE bench_invoice invoice
SET overdue_state = mark.overdue_state
FROM bench_invoice_mark mark
WHERE mark.id = invoice.id
