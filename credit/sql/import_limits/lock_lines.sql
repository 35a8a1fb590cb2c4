-- Lock the credit lines of the new rows of a range of lines of the file, in key order. Their members are locked already.
SELECT id
FROM credit_creditline
WHERE id IN (
    SELECT object_id FROM credit_staged_limit
    WHERE batch_id = %(batch)s AND line BETWEEN %(first)s AND %(last)s AND verdict = 'new'
)
ORDER BY id
FOR NO KEY UPDATE
