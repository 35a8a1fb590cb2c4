-- Terms without a succeeded payment, after one that has such: what came before was sold at the desk, or imported. The
-- key is the card's and the term's number.
SELECT term.subscription_id || '/' || term.number, term.member_id, term.starts_on AS expected, '–' AS found
FROM (
    SELECT term.subscription_id, term.member_id, term.number, term.starts_on, payment.id AS payment_id,
        min(term.number) FILTER (WHERE payment.id IS NOT NULL) OVER (
            PARTITION BY term.member_id, term.subscription_id
        ) AS first_paid
    FROM memberships_term term
    LEFT JOIN memberships_payment payment
        ON payment.member_id BETWEEN %(first)s AND %(last)s AND payment.term_id = term.id
        AND payment.state = 'succeeded'
    WHERE term.member_id BETWEEN %(first)s AND %(last)s
) AS term
WHERE term.number > term.first_paid AND term.payment_id IS NULL
ORDER BY term.subscription_id, term.number
