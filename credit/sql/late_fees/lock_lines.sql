-- Lock the range's lines that are charged, in key order: who pays on one of them waits, or has committed before.
SELECT id
FROM credit_creditline
WHERE id IN (SELECT line_id FROM credit_late_fees(%(on)s, %(first)s, %(last)s))
ORDER BY id
FOR NO KEY UPDATE
