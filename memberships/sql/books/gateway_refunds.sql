-- Refunds on the gateway's list that our books do not know so, as gateway_charges.sql does with charges.
WITH listed AS (
    SELECT key, count(*) AS times, min(-amount) AS amount,
        (regexp_match(key, '^([0-9]{1,18})-refund-[0-9]{1,5}$'))[1]::bigint AS payment_id,
        (regexp_match(key, '^[0-9]{1,18}-refund-([0-9]{1,5})$'))[1]::integer AS number
    FROM book_gateway_record
    WHERE amount < 0 OR key ~ '^[0-9]+-refund-[0-9]+$'
    GROUP BY key
),
judged AS (
    SELECT listed.key, listed.times, listed.amount AS given, refund.id, refund.member_id, refund.state, refund.amount,
        refund.requested_at,
        CASE
            WHEN listed.times > 1 THEN 'refunded_twice'
            WHEN refund.id IS NULL THEN 'refunded_unasked'
            WHEN refund.state IN ('requested', 'unknown') THEN 'refunded_open'
            WHEN refund.state <> 'succeeded' THEN 'refunded_not_booked'
            WHEN refund.amount <> listed.amount THEN 'refunded_other_amount'
        END AS fault
    FROM listed
    LEFT JOIN memberships_refund refund ON refund.payment_id = listed.payment_id AND refund.number = listed.number
)
SELECT fault, key, member_id, CASE state WHEN 'succeeded' THEN amount::text ELSE coalesce(state, '–') END AS expected,
    CASE WHEN times > 1 THEN times || ' × ' ELSE '' END || given AS found,
    fault = 'refunded_open' AND requested_at > %(at)s::timestamptz - %(patience)s AS is_pending
FROM judged
WHERE fault IS NOT NULL
ORDER BY id, key
