-- Lock the range's lines of which something is to be written, in key order: who draws or pays on one of them waits, or has
-- committed before the next statement looks. Of an approved dry run, those that it lists.
SELECT id
FROM credit_creditline
WHERE id IN (
    SELECT line_id
    FROM credit_due_lines(%(on)s, %(first)s, %(last)s)
    WHERE %(approved)s::bigint IS NULL
        OR line_id IN (SELECT key FROM operations_runitem WHERE run_id = %(approved)s)
)
ORDER BY id
FOR NO KEY UPDATE
