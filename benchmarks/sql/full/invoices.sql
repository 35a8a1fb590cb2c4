-- Four invoices of a line, oldest first.
INSERT INTO credit_invoice (
    id, member_id, line_id, kind, key, number, order_number, amount, paid, invoiced_on, due_on, terms, overdue_state, at
)
SELECT row_number() OVER (ORDER BY invoice.due_on, line.id), line.member_id, line.id, 'purchase', 'INV' || line.id || '-' || k,
    'INV' || lpad(line.id::text, 8, '0') || '-' || k, 'PO' || line.id || '-' || k, invoice.amount,
    CASE WHEN k < 3 THEN invoice.amount ELSE 0 END, invoice.due_on - 45, invoice.due_on,
    '{"rule": {"kind": "net_days", "days": 45}}', invoice.overdue_state, invoice.due_on - 45 + interval '4 hours'
FROM credit_creditline line, generate_series(1, 4) AS k, LATERAL bench.invoice(line.id, k) AS invoice
ORDER BY 1
