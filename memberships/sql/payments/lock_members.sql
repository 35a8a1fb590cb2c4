-- Lock the owners of payments, in key order (DESIGN section 4, rule 7).
SELECT id
FROM memberships_member
WHERE id IN (
    SELECT p.member_id
    FROM json_array_elements_text(%(payments)s) AS wanted (id) JOIN memberships_payment p ON p.id = wanted.id::bigint
)
ORDER BY id
FOR NO KEY UPDATE
