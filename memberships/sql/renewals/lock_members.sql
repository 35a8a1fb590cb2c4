-- Lock the owners of the range's due cards, in key order (DESIGN section 4, rule 7): who cancels, pays or refunds one
-- of them waits, or has committed before the next statement looks.
SELECT id
FROM memberships_member
WHERE id IN (SELECT member_id FROM memberships_due_renewals(%(on)s, %(first)s, %(last)s))
ORDER BY id
FOR NO KEY UPDATE
