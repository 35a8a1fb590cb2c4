-- Renewals of the range's cards that this date's run asked for before, and nobody has heard of since: a worker died, or
-- the gateway did not answer. Of an approved dry run, only what was begun of it.
SELECT
    p.id, p.attempt, method.gateway, method.token, p.amount, plan.name || ' ' || p.starts_on || ' – ' || p.ends_on,
    memberships_payment_still_wanted(p.id, %(today)s)
FROM memberships_payment p
JOIN memberships_paymentmethod method ON method.id = p.method_id
JOIN memberships_plan plan ON plan.id = p.plan_id
WHERE p.subscription_id BETWEEN %(first)s AND %(last)s AND p.state IN ('requested', 'unknown')
    AND p.purpose = 'renewal' AND p.requested_on = %(on)s
    AND (%(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = p.subscription_id AND item.outcome = 'done'
    ))
