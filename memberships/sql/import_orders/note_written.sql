-- Say of each of the lines what became of it: its order or return is recorded, or another took its number at the same
-- time. Writes ImportRows of the batch only; a line that was noted stays as it was.
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label)
SELECT s.batch_id, s.line, s.verdict, CASE WHEN made.id IS NULL THEN 'left_out' ELSE 'applied' END, made.id, s.number
FROM memberships_staged_order s
LEFT JOIN memberships_order made
    ON made.number = s.number AND made.member_id = left(s.member_number, -1)::bigint AND made.recorded_at = %(at)s
WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s) AND s.verdict = 'new'
ON CONFLICT (batch_id, line) DO NOTHING
