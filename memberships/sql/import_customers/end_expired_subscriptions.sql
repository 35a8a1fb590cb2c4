-- End, on their last paid day, the expired subscriptions of the range's changed rows that get a new one: what still
-- has no end and was not seen by the comparison is expired.
UPDATE memberships_subscription sub
SET ended_on = (
    SELECT max(term.ends_on)
    FROM memberships_term term
    WHERE term.member_id = sub.member_id AND term.subscription_id = sub.id
)
FROM memberships_staged_enterprise_customer s
JOIN operations_importrow seen ON seen.batch_id = s.batch_id AND seen.line = s.line
JOIN memberships_plan plan ON plan.id = s.plan_id
WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'changed'
    AND seen.outcome = 'previewed' AND seen.before ->> 'plan_id' = ''
    AND sub.member_id = s.object_id AND sub.programme_id = plan.programme_id AND sub.ended_on IS NULL
    AND sub.started_on <= %(on)s
