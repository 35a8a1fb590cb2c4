-- Payments whose sum refunded is not that of their succeeded refunds.
SELECT payment.id, payment.member_id, coalesce(given.amount, 0.00) AS expected, payment.refunded
FROM memberships_payment payment
LEFT JOIN (
    SELECT payment_id, sum(amount) AS amount
    FROM memberships_refund
    WHERE payment_id BETWEEN %(first)s AND %(last)s AND state = 'succeeded'
    GROUP BY payment_id
) AS given ON given.payment_id = payment.id
WHERE payment.id BETWEEN %(first)s AND %(last)s AND payment.refunded <> coalesce(given.amount, 0)
ORDER BY payment.id
