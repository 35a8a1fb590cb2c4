-- Take the end off the expired subscriptions that the batch's run ended for the range's rows; the new ones that it
-- made in their place are gone already.
UPDATE memberships_subscription sub
SET ended_on = NULL, lapsed_on = NULL
FROM operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND r.verdict = 'changed' AND r.before ->> 'plan_id' = ''
    AND sub.member_id = r.object_id AND sub.ended_on IS NOT NULL
    AND EXISTS (
        SELECT FROM memberships_subscriptionevent e JOIN pghistory_context made ON made.id = e.pgh_context_id
        WHERE e.pgh_obj_id = sub.id AND e.pgh_label = 'update' AND e.ended_on IS NOT NULL
            AND made.metadata ->> 'run' = %(run)s
    )
