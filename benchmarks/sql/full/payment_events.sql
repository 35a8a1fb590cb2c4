-- What was asked of the gateway for each payment, and what it answered.
INSERT INTO memberships_paymentevent (
    id, member_id, payment_id, kind, attempt, amount, code, reference, message, "on", at, reason
)
SELECT payment.id * 2 + step - 1, payment.member_id, payment.id, CASE step WHEN 0 THEN 'requested' ELSE payment.state END, 1,
    payment.amount, CASE step WHEN 0 THEN '' ELSE payment.code END, CASE step WHEN 0 THEN '' ELSE payment.reference END, '',
    payment.requested_on, payment.requested_at + step * interval '2 seconds', ''
FROM memberships_payment payment, generate_series(0, 1) AS step
ORDER BY 1
