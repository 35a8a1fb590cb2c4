-- Cards whose last paid day is not the end of their last term.
SELECT card.id, card.member_id, coalesce(terms.last_day::text, '–') AS expected, coalesce(card.paid_until::text, '–')
FROM memberships_subscription card
LEFT JOIN (
    SELECT subscription_id, max(ends_on) AS last_day
    FROM memberships_term
    WHERE member_id BETWEEN %(first)s AND %(last)s
    GROUP BY subscription_id
) AS terms ON terms.subscription_id = card.id
WHERE card.member_id BETWEEN %(first)s AND %(last)s AND card.paid_until IS DISTINCT FROM terms.last_day
ORDER BY card.id
