-- Lock the range's lines of which late fees are corrected, in key order; of an approved dry run those that it lists.
SELECT id
FROM credit_creditline
WHERE id IN (SELECT line_id FROM credit_late_fee_corrections(%(since)s, %(first)s, %(last)s))
    AND (%(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item WHERE item.run_id = %(approved)s AND item.key = credit_creditline.id
    ))
ORDER BY id
FOR NO KEY UPDATE
