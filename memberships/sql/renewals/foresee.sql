-- Note the range's due cards, what they would be charged and what that rests on, as items of a dry run.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, subscription_id, member_id, 'renewal', amount, seen, 'foreseen'
FROM memberships_due_renewals(%(on)s, %(first)s, %(last)s)
WHERE ends_on >= %(today)s
