-- Delete the contacts that the batch's run made for the range's rows: those of new customers, and those of
-- customers that had none.
DELETE FROM memberships_membercontact k
USING operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND k.member_id = r.object_id
    AND EXISTS (
        SELECT FROM memberships_membercontactevent e JOIN pghistory_context made ON made.id = e.pgh_context_id
        WHERE e.pgh_obj_id = k.id AND e.pgh_label = 'insert' AND made.metadata ->> 'run' = %(run)s
    )
