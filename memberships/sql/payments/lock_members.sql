-- Lock the owners of payments, in key order (DESIGN section 4, rule 7).
SELECT id
FROM memberships_member
WHERE id IN (SELECT member_id FROM memberships_payment WHERE id = ANY(%(payments)s))
ORDER BY id
FOR NO KEY UPDATE
