-- Payments with other attempts than were asked for, one after the other, or paid by another one than the last.
SELECT payment.id, payment.member_id, told.attempts AS expected, payment.attempt
FROM memberships_payment payment
JOIN LATERAL (
    SELECT count(*) FILTER (WHERE kind = 'requested') AS attempts, max(attempt) FILTER (WHERE kind = 'requested') AS last,
        max(attempt) FILTER (WHERE kind = 'succeeded') AS paid
    FROM memberships_paymentevent event
    WHERE event.payment_id = payment.id
) AS told ON true
WHERE payment.id BETWEEN %(first)s AND %(last)s
    AND (
        told.attempts <> payment.attempt OR told.last IS DISTINCT FROM payment.attempt
        OR coalesce(told.paid, payment.attempt) <> payment.attempt
    )
ORDER BY payment.id
