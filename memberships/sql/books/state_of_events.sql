-- Payments in another state than their events tell: paid or abandoned for good, else what was last said of the present
-- attempt. An open payment may be asked about without a new event: unknown or requested, it is open.
-- Payment by payment: events summed up for all of them at once are summed up again for each where there are no statistics.
SELECT payment.id, payment.member_id, coalesce(told.state, '–') AS expected, payment.state
FROM memberships_payment payment
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN bool_or(event.kind = 'succeeded') THEN 'succeeded'
            WHEN bool_or(event.kind = 'abandoned') THEN 'abandoned'
            ELSE (array_agg(
                CASE event.kind WHEN 'absent' THEN 'requested' ELSE event.kind END ORDER BY event.id DESC
            ) FILTER (
                WHERE event.kind IN ('requested', 'unknown', 'absent', 'declined') AND event.attempt = payment.attempt
            ))[1]
        END AS state
    FROM memberships_paymentevent event
    WHERE event.payment_id = payment.id
) AS told
WHERE payment.id BETWEEN %(first)s AND %(last)s AND told.state IS DISTINCT FROM payment.state
    AND NOT coalesce(
        told.state IN ('requested', 'unknown') AND payment.state IN ('requested', 'unknown'), false
    )
ORDER BY payment.id
