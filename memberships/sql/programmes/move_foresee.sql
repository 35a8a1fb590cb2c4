-- Note the range's cards that move to a newer version of their plan, as items of a dry run. Inserts items of the run;
-- locks nothing. May run twice: an item is written once.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, subscription_id, member_id, 'move', NULL, seen, 'foreseen'
FROM memberships_moving_cards(%(on)s, %(first)s, %(last)s)
ON CONFLICT (run_id, key) DO NOTHING
