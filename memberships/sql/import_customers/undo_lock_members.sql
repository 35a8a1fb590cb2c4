-- Lock the owners of the range's applied rows, in key order (DESIGN section 4, rule 7).
SELECT m.id
FROM memberships_member m
WHERE m.id IN (
    SELECT object_id
    FROM operations_importrow
    WHERE batch_id = %(batch)s AND line BETWEEN %(first)s AND %(last)s AND outcome = 'applied'
)
ORDER BY m.id
FOR UPDATE
