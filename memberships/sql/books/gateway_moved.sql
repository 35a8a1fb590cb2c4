-- How many charges and refunds our books say that this gateway moved in a span of time.
SELECT count(*)
FROM memberships_paymentevent answer
JOIN memberships_payment payment ON payment.id = answer.payment_id
JOIN memberships_paymentmethod method ON method.id = payment.method_id AND method.gateway = %(gateway)s
WHERE answer.kind IN ('succeeded', 'refunded') AND answer.at >= %(begin)s AND answer.at <= %(end)s
    AND payment.amount > 0
