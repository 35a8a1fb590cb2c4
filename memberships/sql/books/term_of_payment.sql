-- Payments with a term that is not there, not the one they were for, or that they did not pay for. Shorter than paid is a
-- term only where a refund ended its card; longer is none.
SELECT
    payment.id, payment.member_id,
    payment.subscription_id || ' ' || payment.term_number || ': ' || payment.starts_on || ' – ' || payment.ends_on AS expected,
    CASE WHEN payment.state <> 'succeeded' THEN payment.state
        ELSE coalesce(term.subscription_id || ' ' || term.number || ': ' || term.starts_on || ' – ' || term.ends_on, '–') END AS found
FROM memberships_payment payment
LEFT JOIN memberships_term term ON term.id = payment.term_id
WHERE payment.id BETWEEN %(first)s AND %(last)s AND payment.term_id IS NOT NULL
    AND (
        payment.state <> 'succeeded'
        OR (term.member_id, term.subscription_id, term.plan_id, term.number, term.starts_on) IS DISTINCT FROM (
            payment.member_id, payment.subscription_id, payment.plan_id, payment.term_number::integer, payment.starts_on
        )
        OR term.ends_on > payment.ends_on
        OR term.ends_on < payment.ends_on AND NOT EXISTS (
            SELECT FROM memberships_refund refund
            WHERE refund.payment_id = payment.id AND refund.state = 'succeeded' AND refund.ends_card
        )
    )
ORDER BY payment.id
