-- The range's changed rows are written: say so, line by line.
UPDATE operations_importrow seen
SET outcome = 'applied'
FROM memberships_staged_enterprise_customer s
WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'changed'
    AND seen.batch_id = s.batch_id AND seen.line = s.line AND seen.outcome = 'previewed'
