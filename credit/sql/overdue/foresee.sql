-- Note the range's lines of which a night would write something, as items of a dry run: by the state they would have, or
-- "amount" where it stays. Reads lines and invoices, locks nothing.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT
    %(run)s, line_id, member_id, CASE WHEN state = was THEN 'amount' ELSE state END, overdue_amount, seen, 'foreseen'
FROM credit_due_lines(%(on)s, %(first)s, %(last)s)
