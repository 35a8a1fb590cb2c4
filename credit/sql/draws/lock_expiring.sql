-- Lock the range's lines of which something held is over, in key order: who captures or voids it takes turns.
SELECT id
FROM credit_creditline
WHERE id IN (SELECT line_id FROM credit_expiring(%(on)s, %(first)s, %(last)s))
ORDER BY id
FOR NO KEY UPDATE
