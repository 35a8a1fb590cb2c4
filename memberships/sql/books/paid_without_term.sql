-- Payments that took money and gave no term, unless all of it went back, or a refund ended the card before the term began
-- and so took it off.
SELECT payment.id, payment.member_id, payment.term_number || ': ' || payment.starts_on AS expected, '–' AS found
FROM memberships_payment payment
WHERE payment.id BETWEEN %(first)s AND %(last)s AND payment.state = 'succeeded' AND payment.term_id IS NULL
    AND payment.refunded < payment.amount
    AND NOT EXISTS (
        SELECT FROM memberships_refund refund
        JOIN memberships_subscription card ON card.id = payment.subscription_id AND card.refunded_on < payment.starts_on
        WHERE refund.payment_id = payment.id AND refund.state = 'succeeded' AND refund.ends_card
    )
ORDER BY payment.id
