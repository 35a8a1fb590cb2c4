-- Name those of the lines that can no longer be entered as their preview said; they were judged again just now.
-- Writes ImportRows of the batch only.
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label, faults)
SELECT batch_id, line, verdict, 'left_out', object_id, number, faults
FROM credit_staged_invoice
WHERE batch_id = %(batch)s AND line = ANY (%(lines)s) AND verdict <> 'new'
ON CONFLICT (batch_id, line) DO NOTHING
