-- A credit line for one in ten of the firms whose card is paid for. It owes two invoices (invoices.sql).
INSERT INTO credit_creditline (
    id, member_id, programme_id, subscription_id, state, opened_on, suspension_reason, review_on, open_amount, overdue_state,
    overdue_since, overdue_amount
)
SELECT line.id, line.member_id, line.programme_id, line.subscription_id, 'active', %(on)s::date - 300, '',
    %(on)s::date - 15 + bench.pick(line.id, 46, 365), third.amount + fourth.amount, third.overdue_state,
    CASE WHEN third.due_on < %(on)s::date THEN third.due_on + 1 END,
    CASE WHEN third.due_on < %(on)s::date THEN third.amount ELSE 0 END
FROM (
    SELECT row_number() OVER () AS id, member_id, programme_id, id AS subscription_id
    FROM memberships_subscription
    WHERE programme_id = %(enterprise)s AND ended_on IS NULL AND paid_until >= %(on)s::date
        AND bench.pick(member_id, 41, 10) = 0
) AS line,
    LATERAL bench.invoice(line.id, 3) AS third, LATERAL bench.invoice(line.id, 4) AS fourth
ORDER BY line.id
