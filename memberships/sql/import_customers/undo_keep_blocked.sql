-- Keep, and name, the applied rows of the range that somebody else touched since: the audit trail of the member
-- and its satellites holds an event after the first one of the batch's own run that is not of that run, or a payment was
-- asked of the customer since, or the customer has a points wallet. What another import did counts no more once it was
-- taken back. Writes ImportRows of the batch only.
WITH applied AS MATERIALIZED (
    SELECT r.line, r.object_id
    FROM operations_importrow r
    WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
),
event AS (
    SELECT a.line, a.object_id, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_memberevent e ON e.pgh_obj_id = a.object_id
    UNION ALL
    SELECT a.line, a.object_id, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_enterprisecustomerevent e ON e.pgh_obj_id = a.object_id
    UNION ALL
    SELECT a.line, a.object_id, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_membercontactevent e ON e.member_id = a.object_id
    UNION ALL
    SELECT a.line, a.object_id, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_subscriptionevent e ON e.member_id = a.object_id
    UNION ALL
    SELECT a.line, a.object_id, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_creditrequestevent e ON e.member_id = a.object_id
    UNION ALL
    SELECT a.line, a.object_id, e.pgh_created_at, e.pgh_context_id
    FROM applied a JOIN memberships_paymentmethodevent e ON e.member_id = a.object_id
    UNION ALL
    SELECT a.line, a.object_id, p.requested_at, NULL
    FROM applied a JOIN memberships_payment p ON p.member_id = a.object_id
    UNION ALL
    SELECT a.line, a.object_id, 'infinity', NULL
    FROM applied a JOIN memberships_enrolment e ON e.member_id = a.object_id
),
touched AS MATERIALIZED (
    SELECT
        event.line, event.object_id, event.pgh_created_at,
        coalesce(context.metadata ->> 'run' = %(run)s, false) AS is_own,
        CASE WHEN context.metadata ->> 'job' IN ('apply_import', 'undo_import')
            THEN (context.metadata ->> 'batch')::bigint END AS batch_id
    FROM event LEFT JOIN pghistory_context context ON context.id = event.pgh_context_id
),
taken_back AS MATERIALIZED (
    SELECT DISTINCT other.batch_id, other.object_id
    FROM operations_importrow other
    WHERE other.batch_id IN (SELECT batch_id FROM touched WHERE batch_id IS NOT NULL AND NOT is_own)
        AND other.batch_id <> %(batch)s AND other.outcome = 'undone'
        AND other.object_id IN (SELECT object_id FROM applied)
),
blocked AS (
    SELECT touched.line
    FROM touched LEFT JOIN taken_back USING (batch_id, object_id)
    GROUP BY touched.line
    HAVING max(pgh_created_at) FILTER (WHERE NOT is_own AND taken_back.batch_id IS NULL)
        > min(pgh_created_at) FILTER (WHERE is_own)
)
UPDATE operations_importrow r
SET outcome = 'kept'
FROM blocked
WHERE r.batch_id = %(batch)s AND r.line = blocked.line AND r.outcome = 'applied'
