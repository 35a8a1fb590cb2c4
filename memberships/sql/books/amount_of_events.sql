-- Payments of which the gateway took another amount than was owed, by its answer.
SELECT payment.id, payment.member_id, payment.amount, coalesce(event.amount::text, '–') AS found
FROM memberships_payment payment
JOIN memberships_paymentevent event ON event.payment_id = payment.id AND event.kind = 'succeeded'
WHERE payment.id BETWEEN %(first)s AND %(last)s AND event.payment_id BETWEEN %(first)s AND %(last)s
    AND event.amount IS DISTINCT FROM payment.amount
ORDER BY payment.id
