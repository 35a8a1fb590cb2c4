-- Note the range's lines that do not stand as their cards do, and what would be done about each, as items of a dry run.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, line_id, member_id, kind, NULL, seen, 'foreseen'
FROM credit_lines_to_follow(%(on)s, %(first)s, %(last)s)
