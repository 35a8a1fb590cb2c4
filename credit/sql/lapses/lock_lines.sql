-- Lock the range's lines that do not stand as their cards do, in key order: who draws on one of them or pays for it
-- takes turns. Their members are locked already.
SELECT id
FROM credit_creditline
WHERE id IN (SELECT line_id FROM credit_lines_to_follow(%(on)s, %(first)s, %(last)s))
ORDER BY id
FOR NO KEY UPDATE
