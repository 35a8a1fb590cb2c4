-- Note the range's payments that are to be tried again, and what that rests on, as items of a dry run.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, payment_id, member_id, 'retry', amount, seen, 'foreseen'
FROM memberships_payments_to_retry(%(on)s, %(first)s, %(last)s, false, NULL)
