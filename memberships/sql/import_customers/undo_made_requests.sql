-- Delete the credit requests that the batch's run made for the range's rows: those of new customers, and those of
-- customers that had asked for nothing before.
DELETE FROM memberships_creditrequest q
USING operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND q.member_id = r.object_id
    AND EXISTS (
        SELECT FROM memberships_creditrequestevent e JOIN pghistory_context made ON made.id = e.pgh_context_id
        WHERE e.pgh_obj_id = q.id AND e.pgh_label = 'insert' AND made.metadata ->> 'run' = %(run)s
    )
