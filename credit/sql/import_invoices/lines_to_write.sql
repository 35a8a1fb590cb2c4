-- The lines of the file that a chunk writes: all new ones of the credit lines of which the first stands in its range;
-- without those that were written already. Reads only.
SELECT array_agg(s.line ORDER BY s.line)
FROM credit_staged_invoice s
WHERE s.batch_id = %(batch)s AND s.verdict = 'new' AND s.first_line BETWEEN %(first)s AND %(last)s
    AND NOT EXISTS (
        SELECT FROM operations_importrow done WHERE done.batch_id = %(batch)s AND done.line = s.line
    )
