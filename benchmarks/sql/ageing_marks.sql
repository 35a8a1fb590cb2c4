-- What the night wrote, found by comparing with the copies of before: what the limit is told to write.
CREATE TABLE bench_invoice_mark AS
SELECT invoice.id, invoice.overdue_state
FROM credit_invoice invoice
JOIN bench_invoice before ON before.id = invoice.id AND before.overdue_state <> invoice.overdue_state
ORDER BY invoice.id;
CREATE TABLE bench_line_mark AS
SELECT line.id, line.overdue_state, line.overdue_amount, line.overdue_since
FROM credit_creditline line
JOIN bench_line before ON before.id = line.id
WHERE (before.overdue_state, before.overdue_amount, before.overdue_since)
    IS DISTINCT FROM (line.overdue_state, line.overdue_amount, line.overdue_since)
ORDER BY line.id;
ANALYZE bench_invoice_mark, bench_line_mark
