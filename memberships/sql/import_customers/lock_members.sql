-- Lock the owners of the rows that will change, in key order (DESIGN section 4, rule 7).
SELECT id
FROM memberships_member
WHERE id IN (
    SELECT object_id
    FROM memberships_staged_enterprise_customer
    WHERE batch_id = %(batch)s AND line BETWEEN %(first)s AND %(last)s AND verdict = 'changed'
)
ORDER BY id
FOR UPDATE
