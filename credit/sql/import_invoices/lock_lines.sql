-- Lock the credit lines of these lines of the file, in key order (DESIGN section 4, rule 7).
SELECT line.id
FROM credit_creditline line
WHERE line.id IN (
    SELECT s.credit_line_id
    FROM credit_staged_invoice s
    WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s)
)
ORDER BY line.id
FOR NO KEY UPDATE
