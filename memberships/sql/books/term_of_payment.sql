-- Payments with a term that is not there, not the one they were for, or that they did not pay for. (A refund may have cut
-- the term's last day.)
SELECT
    payment.id, payment.member_id,
    payment.subscription_id || ' ' || payment.term_number || ': ' || payment.starts_on AS expected,
    CASE WHEN payment.state <> 'succeeded' THEN payment.state
        ELSE coalesce(term.subscription_id || ' ' || term.number || ': ' || term.starts_on, '–') END AS found
FROM memberships_payment payment
LEFT JOIN memberships_term term ON term.id = payment.term_id
WHERE payment.id BETWEEN %(first)s AND %(last)s AND payment.term_id IS NOT NULL
    AND (
        payment.state <> 'succeeded'
        OR (term.member_id, term.subscription_id, term.plan_id, term.number, term.starts_on) IS DISTINCT FROM (
            payment.member_id, payment.subscription_id, payment.plan_id, payment.term_number::integer, payment.starts_on
        )
    )
ORDER BY payment.id
