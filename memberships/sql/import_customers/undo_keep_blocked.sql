-- Keep, and name, the applied rows of the range that somebody else touched since: the audit trail of the member
-- and its satellites holds an event after the first one of the batch's own run that is not of that run.
-- Writes ImportRows of the batch only.
WITH applied AS MATERIALIZED (
    SELECT r.line, r.object_id
    FROM operations_importrow r
    WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
),
event AS (
    SELECT a.line, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_memberevent e ON e.pgh_obj_id = a.object_id
    UNION ALL
    SELECT a.line, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_enterprisecustomerevent e ON e.pgh_obj_id = a.object_id
    UNION ALL
    SELECT a.line, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_membercontactevent e ON e.member_id = a.object_id
    UNION ALL
    SELECT a.line, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_subscriptionevent e ON e.member_id = a.object_id
    UNION ALL
    SELECT a.line, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_creditrequestevent e ON e.member_id = a.object_id
),
touched AS MATERIALIZED (
    SELECT event.line, event.pgh_created_at, coalesce(context.metadata ->> 'run' = %(run)s, false) AS is_own
    FROM event LEFT JOIN pghistory_context context ON context.id = event.pgh_context_id
),
blocked AS (
    SELECT line
    FROM touched
    GROUP BY line
    HAVING max(pgh_created_at) FILTER (WHERE NOT is_own) > min(pgh_created_at) FILTER (WHERE is_own)
)
UPDATE operations_importrow r
SET outcome = 'kept'
FROM blocked
WHERE r.batch_id = %(batch)s AND r.line = blocked.line AND r.outcome = 'applied'
