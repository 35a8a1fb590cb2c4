-- Keep, and name, the applied rows of the range that somebody else touched since: the audit trail of the member
-- and its satellites holds a later event that is not of the batch's own run. Terms are payments made.
-- Writes ImportRows of the batch only.
WITH applied AS MATERIALIZED (
    SELECT r.line, r.object_id, r.verdict
    FROM operations_importrow r
    WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
),
later AS (
    SELECT a.line, e.pgh_context_id
    FROM applied a JOIN memberships_memberevent e ON e.pgh_obj_id = a.object_id
    WHERE e.pgh_created_at > %(since)s
    UNION ALL
    SELECT a.line, e.pgh_context_id
    FROM applied a JOIN memberships_enterprisecustomerevent e ON e.pgh_obj_id = a.object_id
    WHERE e.pgh_created_at > %(since)s
    UNION ALL
    SELECT a.line, e.pgh_context_id
    FROM applied a
    JOIN memberships_membercontact k ON k.member_id = a.object_id
    JOIN memberships_membercontactevent e ON e.pgh_obj_id = k.id
    WHERE e.pgh_created_at > %(since)s
    UNION ALL
    SELECT a.line, e.pgh_context_id
    FROM applied a
    JOIN memberships_subscription s ON s.member_id = a.object_id
    JOIN memberships_subscriptionevent e ON e.pgh_obj_id = s.id
    WHERE e.pgh_created_at > %(since)s
    UNION ALL
    SELECT a.line, e.pgh_context_id
    FROM applied a
    JOIN memberships_creditrequest q ON q.member_id = a.object_id
    JOIN memberships_creditrequestevent e ON e.pgh_obj_id = q.id
    WHERE e.pgh_created_at > %(since)s
),
blocked AS (
    SELECT later.line
    FROM later
    LEFT JOIN pghistory_context context ON context.id = later.pgh_context_id
    WHERE context.metadata ->> 'run' IS DISTINCT FROM %(run)s
    UNION
    SELECT a.line
    FROM applied a
    JOIN memberships_term t ON t.member_id = a.object_id
    WHERE a.verdict = 'new'
)
UPDATE operations_importrow r
SET outcome = 'kept'
FROM blocked
WHERE r.batch_id = %(batch)s AND r.line = blocked.line AND r.outcome = 'applied'
