-- Lock the members of the range's lines that do not stand as their cards do, in key order: who buys or ends a card of
-- theirs waits, or has committed before the next statement looks (DESIGN section 4, rule 7). The lines come after.
SELECT id
FROM memberships_member
WHERE id IN (SELECT member_id FROM credit_lines_to_follow(%(on)s, %(first)s, %(last)s))
ORDER BY id
FOR NO KEY UPDATE
