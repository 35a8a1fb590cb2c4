-- Lock the owners of the range's cards that may be due, in key order (DESIGN section 4, rule 7): who cancels, pays or
-- refunds one of them waits, or has committed before the next statement looks. What else makes a card due is not asked
-- yet, so that a few more are locked than are charged.
SELECT id
FROM memberships_member
WHERE id IN (
    SELECT s.member_id
    FROM memberships_subscription s JOIN memberships_plan own ON own.id = s.plan_id
    WHERE s.ended_on IS NULL AND s.id BETWEEN %(first)s AND %(last)s AND s.payment_method_id IS NOT NULL
        AND s.paid_until >= %(on)s - (SELECT max(grace_days) FROM memberships_plan)
        AND s.paid_until <= %(on)s + (SELECT max(lead_days) FROM memberships_plan)
        AND s.paid_until + own.grace_days >= %(on)s
        AND s.paid_until - own.lead_days <= %(on)s
)
ORDER BY id
FOR NO KEY UPDATE
