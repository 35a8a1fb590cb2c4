-- The new lines of a range that were not written yet. Reads only.
SELECT array_agg(s.line ORDER BY s.line)
FROM credit_staged_limit s
WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'new'
    AND NOT EXISTS (SELECT FROM operations_importrow done WHERE done.batch_id = s.batch_id AND done.line = s.line)
