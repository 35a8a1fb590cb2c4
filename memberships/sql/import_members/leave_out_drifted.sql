-- Name the rows of a range that can no longer be written as their preview said: it was "new", and a judgement made just
-- now says otherwise. `lines` are those that were new before it. Writes ImportRows of the batch only.
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label, faults)
SELECT batch_id, line, verdict, 'left_out', object_id, external_id, faults
FROM memberships_staged_person
WHERE batch_id = %(batch)s AND line = ANY (%(lines)s) AND verdict <> 'new'
ON CONFLICT (batch_id, line) DO NOTHING
