-- Open the credit requests again that the batch's run withdrew for the range's rows.
UPDATE memberships_creditrequest q
SET state = 'open'
FROM operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND r.verdict = 'changed' AND q.member_id = r.object_id AND q.state = 'withdrawn'
    AND EXISTS (
        SELECT FROM memberships_creditrequestevent e JOIN pghistory_context made ON made.id = e.pgh_context_id
        WHERE e.pgh_obj_id = q.id AND e.pgh_label = 'update' AND e.state = 'withdrawn' AND made.metadata ->> 'run' = %(run)s
    )
