-- Succeeded refunds that are not those of the payment's events, by number and amount; the key is the refund's at the
-- gateway.
SELECT
    coalesce(refund.payment_id, event.payment_id) || '-refund-' || coalesce(refund.number, event.attempt) AS key,
    coalesce(refund.member_id, event.member_id),
    coalesce(event.attempt || ': ' || event.amount, '–') AS expected,
    coalesce(refund.number || ': ' || refund.amount, '–') AS found
FROM (
    SELECT payment_id, member_id, number, amount
    FROM memberships_refund
    WHERE payment_id BETWEEN %(first)s AND %(last)s AND state = 'succeeded'
) AS refund
FULL JOIN (
    SELECT payment_id, member_id, attempt, amount
    FROM memberships_paymentevent
    WHERE payment_id BETWEEN %(first)s AND %(last)s AND kind = 'refunded'
) AS event ON event.payment_id = refund.payment_id AND event.attempt = refund.number
WHERE event.amount IS DISTINCT FROM refund.amount
ORDER BY 1
