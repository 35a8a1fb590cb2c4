-- Note the range's lines that would be charged, as items of a dry run. Reads, locks nothing.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, line_id, member_id, 'late_fee', amount, seen, 'foreseen'
FROM credit_late_fees(%(on)s, %(first)s, %(last)s)
