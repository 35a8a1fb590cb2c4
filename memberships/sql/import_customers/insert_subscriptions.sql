-- Make a pending subscription for the range's changed rows whose customer has no live one in the programme.
INSERT INTO memberships_subscription (member_id, programme_id, plan_id, requested_on)
SELECT s.object_id, plan.programme_id, s.plan_id, %(on)s
FROM memberships_staged_enterprise_customer s
JOIN operations_importrow seen ON seen.batch_id = s.batch_id AND seen.line = s.line
JOIN memberships_plan plan ON plan.id = s.plan_id
WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'changed'
    AND seen.outcome = 'previewed' AND seen.before ->> 'plan_id' = ''
ON CONFLICT (member_id, programme_id) WHERE ended_on IS NULL DO NOTHING
