-- Move the range's cards to the newer version of their plan. Terms that were paid for keep the version they were sold
-- by. Of an approved dry run, only cards that it lists and whose facts are as it saw them. Returns the cards.
-- Members are locked already. May run twice: a card that has moved is not of an earlier version any more.
UPDATE memberships_subscription card
SET plan_id = moving.plan_id
FROM memberships_moving_cards(%(on)s, %(first)s, %(last)s) AS moving
WHERE card.id = moving.subscription_id AND (%(approved)s::bigint IS NULL OR EXISTS (
    SELECT FROM operations_runitem item
    WHERE item.run_id = %(approved)s AND item.key = moving.subscription_id AND item.seen = moving.seen
))
RETURNING card.id
