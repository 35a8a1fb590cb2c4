-- End, on their last day of grace, the expired subscriptions of the range's changed rows that get a new one: what still
-- has no end and was not seen by the comparison is expired. What was declined of them is put away at night
-- (lapses/abandon.sql).
UPDATE memberships_subscription sub
SET
    ended_on = sub.paid_until + (SELECT own.grace_days FROM memberships_plan own WHERE own.id = sub.plan_id),
    lapsed_on = %(on)s
FROM memberships_staged_enterprise_customer s
JOIN operations_importrow seen ON seen.batch_id = s.batch_id AND seen.line = s.line
JOIN memberships_plan plan ON plan.id = s.plan_id
WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'changed'
    AND seen.outcome = 'previewed' AND seen.before ->> 'plan_id' = ''
    AND sub.member_id = s.object_id AND sub.programme_id = plan.programme_id AND sub.ended_on IS NULL
    AND sub.paid_until < %(on)s
