-- Cards that did not start with their first term. One whose first term was refunded before it began keeps its day.
SELECT card.id, card.member_id, coalesce(terms.first_day::text, '–') AS expected, coalesce(card.started_on::text, '–')
FROM memberships_subscription card
LEFT JOIN (
    SELECT subscription_id, min(starts_on) AS first_day
    FROM memberships_term
    WHERE member_id BETWEEN %(first)s AND %(last)s
    GROUP BY subscription_id
) AS terms ON terms.subscription_id = card.id
WHERE card.member_id BETWEEN %(first)s AND %(last)s AND card.started_on IS DISTINCT FROM terms.first_day
    AND (terms.first_day IS NOT NULL OR card.refunded_on IS NULL)
ORDER BY card.id
