-- Delete the pending subscriptions that the range's rows made: those of new customers, and those of customers
-- that had no live one. Terms, should there be any, forbid it (foreign key).
DELETE FROM memberships_subscription sub
USING operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND (r.verdict = 'new' OR r.before ->> 'plan_id' = '')
    AND sub.member_id = r.object_id AND sub.ended_on IS NULL AND sub.started_on IS NULL
