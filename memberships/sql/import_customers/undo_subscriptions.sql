-- Give the pending subscriptions their former plan.
UPDATE memberships_subscription sub
SET plan_id = (r.before ->> 'plan_id')::bigint
FROM operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND r.verdict = 'changed' AND r.before ->> 'plan_id' <> ''
    AND sub.member_id = r.object_id AND sub.ended_on IS NULL
    AND sub.programme_id = (SELECT programme_id FROM memberships_plan WHERE id = (r.before ->> 'plan_id')::bigint)
