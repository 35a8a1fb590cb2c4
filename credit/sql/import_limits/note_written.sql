-- Say of each of these lines of the file what became of it: it is written, or can no longer be (it was judged again just
-- now). Names the credit line. Writes ImportRows of the batch only; a line that was noted stays as it was.
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label, faults)
SELECT
    s.batch_id, s.line, s.verdict, CASE WHEN s.verdict = 'new' THEN 'applied' ELSE 'left_out' END,
    coalesce(s.object_id, line.line_id), s.member_number, s.faults
FROM credit_staged_limit s
LEFT JOIN memberships_subscription card ON card.id = s.subscription_id
LEFT JOIN credit_lines_in_use() AS line ON line.member_id = s.member_id AND line.programme_id = card.programme_id
WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s)
ON CONFLICT (batch_id, line) DO NOTHING
