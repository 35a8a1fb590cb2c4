-- Give the pending subscriptions of the range's changed rows the plan of the file (one that is paid for made
-- its row invalid).
UPDATE memberships_subscription sub
SET plan_id = s.plan_id
FROM memberships_staged_enterprise_customer s
JOIN operations_importrow seen ON seen.batch_id = s.batch_id AND seen.line = s.line
JOIN memberships_plan plan ON plan.id = s.plan_id
WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'changed'
    AND seen.outcome = 'previewed' AND seen.before ->> 'plan_id' <> ''
    AND sub.member_id = s.object_id AND sub.programme_id = plan.programme_id AND sub.ended_on IS NULL
