-- The paid years of each card, one after the other. A term's key is told by its card's: 4 x the card's + number - 4.
INSERT INTO memberships_term (id, member_id, subscription_id, programme_id, plan_id, number, starts_on, ends_on)
SELECT card.id * 4 + number - 4, card.member_id, card.id, card.programme_id, card.plan_id, number,
    (card.started_on + make_interval(years => number - 1))::date,
    (card.started_on + make_interval(years => number))::date - 1
FROM memberships_subscription card,
    LATERAL generate_series(1, extract(year FROM age(card.paid_until + 1, card.started_on))::integer) AS number
WHERE card.started_on IS NOT NULL
ORDER BY card.id, number
