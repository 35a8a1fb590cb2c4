-- What our books say that this gateway moved in a span of time, asked for and answered in it, and its list does not have.
-- What costs nothing is asked of no gateway.
-- Reads events of the span by their BRIN index.
SELECT booked.fault, booked.key, booked.member_id, booked.amount::text AS expected, '–' AS found, false AS is_pending
FROM (
    SELECT 'charge_missing' AS fault, payment.id || '-' || answer.attempt AS key, payment.member_id, payment.amount
    FROM memberships_paymentevent answer
    JOIN memberships_payment payment ON payment.id = answer.payment_id
    JOIN memberships_paymentmethod method ON method.id = payment.method_id AND method.gateway = %(gateway)s
    JOIN memberships_paymentevent asked
        ON asked.payment_id = payment.id AND asked.attempt = answer.attempt AND asked.kind = 'requested'
        AND asked.at >= %(begin)s
    WHERE answer.kind = 'succeeded' AND answer.at >= %(begin)s AND answer.at <= %(end)s AND payment.amount > 0
    UNION ALL
    SELECT 'refund_missing', payment.id || '-refund-' || refund.number, refund.member_id, refund.amount
    FROM memberships_paymentevent answer
    JOIN memberships_payment payment ON payment.id = answer.payment_id
    JOIN memberships_paymentmethod method ON method.id = payment.method_id AND method.gateway = %(gateway)s
    JOIN memberships_refund refund
        ON refund.payment_id = payment.id AND refund.number = answer.attempt AND refund.requested_at >= %(begin)s
    WHERE answer.kind = 'refunded' AND answer.at >= %(begin)s AND answer.at <= %(end)s
) AS booked
WHERE NOT EXISTS (SELECT FROM book_gateway_record listed WHERE listed.key = booked.key)
ORDER BY booked.fault, booked.key
