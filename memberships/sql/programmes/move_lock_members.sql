-- Lock the owners of the range's cards that move to a newer version of their plan, in key order.
SELECT id
FROM memberships_member
WHERE id IN (SELECT member_id FROM memberships_moving_cards(%(on)s, %(first)s, %(last)s))
ORDER BY id
FOR NO KEY UPDATE
