-- Note the range's lines of which something held is over, and how much, as items of a dry run. Locks nothing.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, line_id, member_id, 'expire', amount, seen, 'foreseen'
FROM credit_expiring(%(on)s, %(first)s, %(last)s)
