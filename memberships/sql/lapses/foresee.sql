-- Note the range's cards whose paid days are over, and what would be done about each, as items of a dry run.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, subscription_id, member_id, kind, NULL, seen, 'foreseen'
FROM memberships_ending_cards(%(on)s, %(first)s, %(last)s)
