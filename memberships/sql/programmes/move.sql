-- Move the range's cards to the newer version of their plan. Terms that were paid for keep the version they were sold
-- by. Members are locked already. May run twice: a card that has moved is not of an earlier version any more.
UPDATE memberships_subscription card
SET plan_id = moving.plan_id
FROM memberships_moving_cards(%(on)s, %(first)s, %(last)s) AS moving
WHERE card.id = moving.subscription_id
