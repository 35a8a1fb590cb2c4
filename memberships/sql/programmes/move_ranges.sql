-- Ranges of ids with %(size)s cards each that move to a newer version of their plan.
SELECT min(subscription_id), max(subscription_id), count(*)
FROM (
    SELECT subscription_id, (row_number() OVER (ORDER BY subscription_id) - 1) / %(size)s AS block
    FROM memberships_moving_cards(%(on)s, %(first)s, %(last)s)
) AS moving
GROUP BY block
ORDER BY block
