-- Delete the subscriptions that the batch's run made for the range's rows: those of new customers, and those of
-- customers that had no live one in the programme. Whatever refers to them forbids it (foreign key).
DELETE FROM memberships_subscription sub
USING operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND sub.member_id = r.object_id
    AND EXISTS (
        SELECT FROM memberships_subscriptionevent e JOIN pghistory_context made ON made.id = e.pgh_context_id
        WHERE e.pgh_obj_id = sub.id AND e.pgh_label = 'insert' AND made.metadata ->> 'run' = %(run)s
    )
