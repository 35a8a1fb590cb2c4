-- Payments of a range that this run tried again before, and nobody has heard of since: a worker died, or the gateway did
-- not answer. Of an approved dry run, only what was begun of it.
SELECT
    p.id, p.attempt, method.gateway, method.token, p.amount, plan.name || ' ' || p.starts_on || ' – ' || p.ends_on,
    memberships_payment_still_wanted(p.id, %(today)s)
FROM memberships_payment p
JOIN memberships_paymentmethod method ON method.id = p.method_id
JOIN memberships_plan plan ON plan.id = p.plan_id
WHERE p.id BETWEEN %(first)s AND %(last)s AND p.state IN ('requested', 'unknown') AND p.attempt > 1
    AND p.requested_at >= %(since)s
    AND (%(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = p.id AND item.outcome = 'done'
    ))
