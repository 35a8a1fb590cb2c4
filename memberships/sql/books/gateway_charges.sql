-- Charges on the gateway's list that our books do not know so: each key with what is wrong about it. A charge whose
-- payment is still open is pending until `patience` has passed since the attempt: it is being asked about.
-- Reads the list and our payments; locks nothing.
WITH charge AS (
    SELECT key, count(*) AS times, min(amount) AS amount,
        (regexp_match(key, '^([0-9]{1,18})-[0-9]{1,5}$'))[1]::bigint AS payment_id,
        (regexp_match(key, '^[0-9]{1,18}-([0-9]{1,5})$'))[1]::integer AS attempt
    FROM book_gateway_record
    WHERE amount >= 0 AND key !~ '^[0-9]+-refund-[0-9]+$'
    GROUP BY key
),
compared AS (
    SELECT charge.key, charge.times, charge.amount AS taken, payment.id, payment.member_id, payment.state, payment.amount,
        asked.at AS asked_at, payment.state = 'succeeded' AND payment.attempt = charge.attempt AS is_booked,
        payment.state IN ('requested', 'unknown') AND payment.attempt = charge.attempt AS is_open
    FROM charge
    LEFT JOIN memberships_payment payment ON payment.id = charge.payment_id
    LEFT JOIN memberships_paymentevent asked
        ON asked.payment_id = payment.id AND asked.attempt = charge.attempt AND asked.kind = 'requested'
),
judged AS (
    SELECT *,
        CASE
            WHEN times > 1 THEN 'charged_twice'
            WHEN asked_at IS NULL THEN 'charged_unasked'
            WHEN is_booked AND amount <> taken THEN 'charged_other_amount'
            WHEN is_booked THEN NULL
            WHEN state = 'succeeded' THEN 'charged_twice'
            WHEN is_open THEN 'charged_open'
            ELSE 'charged_not_booked'
        END AS fault
    FROM compared
)
SELECT fault, key, member_id, CASE WHEN is_booked THEN amount::text ELSE coalesce(state, '–') END AS expected,
    CASE WHEN times > 1 THEN times || ' × ' ELSE '' END || taken AS found,
    fault = 'charged_open' AND asked_at > %(at)s::timestamptz - %(patience)s AS is_pending
FROM judged
WHERE fault IS NOT NULL
ORDER BY id, key
