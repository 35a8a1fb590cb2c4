-- Say of each of these lines of the file what became of it: its invoice is entered, or somebody else took the number
-- meanwhile. Writes ImportRows of the batch only; a line that was noted stays as it was.
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label, faults)
SELECT
    s.batch_id, s.line, s.verdict, CASE WHEN made.id IS NULL THEN 'left_out' ELSE 'applied' END, made.id, s.number,
    CASE WHEN made.id IS NULL THEN jsonb_build_array(jsonb_build_object(
        'column', %(number_column)s::text, 'value', s.number, 'code', 'left_out', 'expected', ''
    )) END
FROM credit_staged_invoice s
LEFT JOIN credit_invoice made ON made.number = s.number AND made.batch_id = s.batch_id
WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s) AND s.verdict = 'new'
ON CONFLICT (batch_id, line) DO NOTHING
