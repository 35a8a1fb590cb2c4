-- Say of each new row of a range what became of it: it is booked, or can no longer be booked as its preview said (it was
-- judged again just now). Writes ImportRows of the batch only; a line that was noted stays as it was.
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label, faults)
SELECT
    s.batch_id, s.line, s.verdict, CASE WHEN s.verdict = 'new' THEN 'applied' ELSE 'left_out' END, s.object_id,
    s.member_number, s.faults
FROM memberships_staged_adjustment s
WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s)
ON CONFLICT (batch_id, line) DO NOTHING
