-- What the terms of cards with a payment method cost, in the order in which they were paid; and what the gateway declined
-- of cards in grace: half of it is tried again.
INSERT INTO memberships_payment (
    id, member_id, subscription_id, programme_id, plan_id, method_id, key, purpose, amount, term_number, starts_on, ends_on,
    term_id, state, decline, code, reference, attempt, requested_on, requested_at, answered_at, next_attempt_on, refunded
)
SELECT row_number() OVER (ORDER BY due.requested_on, due.subscription_id), due.member_id, due.subscription_id,
    due.programme_id, due.plan_id, due.member_id,
    CASE WHEN due.number = 1 THEN 'start:' ELSE 'renewal:' END || due.subscription_id || ':' || due.number,
    CASE WHEN due.number = 1 THEN 'start' ELSE 'renewal' END, plan.price, due.number, due.starts_on, due.ends_on,
    CASE WHEN due.is_paid THEN due.term_id END,
    CASE WHEN due.is_paid THEN 'succeeded' ELSE 'declined' END,
    CASE WHEN due.is_paid THEN '' WHEN due.is_soft THEN 'soft' ELSE 'hard' END,
    CASE WHEN due.is_paid THEN '' ELSE 'insufficient_funds' END,
    CASE WHEN due.is_paid THEN 'SB' || due.term_id ELSE '' END, 1, due.requested_on,
    due.requested_on + interval '16 hours', due.requested_on + interval '16 hours 2 seconds',
    CASE WHEN NOT due.is_paid AND due.is_soft THEN %(on)s::date + 1 END, 0
FROM (
    SELECT card.member_id, card.id AS subscription_id, card.programme_id, card.plan_id, number,
        card.id * 4 + number - 4 AS term_id,
        (card.started_on + make_interval(years => number - 1))::date AS starts_on,
        (card.started_on + make_interval(years => number))::date - 1 AS ends_on,
        (card.started_on + make_interval(years => number - 1))::date - 2 AS requested_on,
        number <= years AS is_paid, card.id %% 2 = 0 AS is_soft
    FROM (
        SELECT *, extract(year FROM age(paid_until + 1, started_on))::integer AS years
        FROM memberships_subscription
        WHERE payment_method_id IS NOT NULL AND started_on IS NOT NULL
    ) AS card,
        LATERAL generate_series(
            1, card.years + CASE WHEN card.ended_on IS NULL AND card.paid_until < %(on)s::date THEN 1 ELSE 0 END
        ) AS number
) AS due
JOIN memberships_plan plan ON plan.id = due.plan_id
ORDER BY 1
