-- Write down the charges of the range's due cards: a payment and its first event each; returns what to ask of whom.
--
-- A night that is made up for charges for no term that is over by the business date it is worked on (`today`): the card
-- lapses instead. Of an approved dry run, only cards that it lists and whose facts are as it saw them.
-- Locks nothing: the members are locked (lock_members). May run twice: a card whose next term has a payment is not due
-- any more, and the payment's key is unique.
WITH payment AS (
    INSERT INTO memberships_payment (
        member_id, subscription_id, programme_id, plan_id, method_id, key, purpose, amount, term_number, starts_on,
        ends_on, state, decline, code, reference, attempt, requested_on, requested_at, next_ask_at, refunded
    )
    SELECT
        due.member_id, due.subscription_id, due.programme_id, due.plan_id, due.method_id, due.key, 'renewal',
        due.amount, due.term_number, due.starts_on, due.ends_on, 'requested', '', '', '', 1, %(on)s, %(at)s,
        %(at)s::timestamptz + %(patience)s, 0
    FROM memberships_due_renewals(%(on)s, %(first)s, %(last)s) AS due
    WHERE due.ends_on >= %(today)s AND (%(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = due.subscription_id AND item.seen = due.seen
    ))
    ON CONFLICT (member_id, key) DO NOTHING
    RETURNING id, member_id, subscription_id, plan_id, method_id, amount, attempt, starts_on, ends_on
),
event AS (
    INSERT INTO memberships_paymentevent
        (member_id, payment_id, kind, attempt, amount, code, reference, message, "on", at, actor_id, reason)
    SELECT member_id, id, 'requested', attempt, amount, '', '', '', %(on)s, %(at)s, %(actor)s, %(reason)s
    FROM payment
)
SELECT
    payment.id, payment.attempt, method.gateway, method.token, payment.amount,
    plan.name || ' ' || payment.starts_on || ' – ' || payment.ends_on, payment.subscription_id
FROM payment
JOIN memberships_paymentmethod method ON method.id = payment.method_id
JOIN memberships_plan plan ON plan.id = payment.plan_id
