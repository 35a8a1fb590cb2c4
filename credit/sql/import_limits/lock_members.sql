-- Lock the members of the new rows of a range of lines, in key order (DESIGN section 4, rule 7): their cards and requests
-- stay what they are. The lines come after.
SELECT id
FROM memberships_member
WHERE id IN (
    SELECT member_id FROM credit_staged_limit
    WHERE batch_id = %(batch)s AND line BETWEEN %(first)s AND %(last)s AND verdict = 'new'
)
ORDER BY id
FOR NO KEY UPDATE
