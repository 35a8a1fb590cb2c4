-- What paid the paid invoices, and for a hundred of them another payment that is nobody's yet.
INSERT INTO credit_receipt (
    id, key, payer_name, payer_account, reference, amount, allocated, state, rule, received_on, "on", at, note, line_id,
    member_id
)
SELECT invoice.id * 2 + extra, 'bank:' || invoice.id || ':' || extra, customer.legal_name,
    '6222' || lpad(invoice.member_id::text, 12, '0'), CASE extra WHEN 0 THEN invoice.number ELSE '货款' END,
    invoice.amount + extra, CASE extra WHEN 0 THEN invoice.amount ELSE 0 END,
    CASE extra WHEN 0 THEN 'matched' ELSE 'unmatched' END, CASE extra WHEN 0 THEN 'reference' ELSE '' END,
    invoice.due_on - 3, invoice.due_on - 3, invoice.due_on - 3 + interval '4 hours', '',
    CASE extra WHEN 0 THEN invoice.line_id END, CASE extra WHEN 0 THEN invoice.member_id END
FROM credit_invoice invoice
JOIN memberships_enterprisecustomer customer ON customer.member_id = invoice.member_id,
    LATERAL generate_series(0, CASE WHEN invoice.id %% 100 = 0 THEN 1 ELSE 0 END) AS extra
WHERE invoice.paid > 0
ORDER BY 1
