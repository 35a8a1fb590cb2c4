-- Ranges of ids with %(size)s cards each whose paid days are over.
SELECT min(subscription_id), max(subscription_id), count(*)
FROM (
    SELECT subscription_id, (row_number() OVER (ORDER BY subscription_id) - 1) / %(size)s AS block
    FROM memberships_ending_cards(%(on)s, %(first)s, %(last)s)
) AS due
GROUP BY block
ORDER BY block
