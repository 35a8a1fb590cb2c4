-- Begin the next attempt of the range's payments that are to be tried again: the payment is open once more, under a key
-- of its own at the gateway, with an event; returns what to ask of whom.
--
-- A night that is made up for charges for no term that is over by the business date it is worked on (`today`). Of an
-- approved dry run, only payments that it lists and whose facts are as it saw them. Members are locked already. May run twice: an open payment is not to be tried again.
WITH payment AS (
    UPDATE memberships_payment p
    SET
        state = 'requested', attempt = p.attempt + 1, method_id = due.method_id, decline = '',
        code = '', reference = '', answered_at = NULL, next_attempt_on = NULL, requested_at = %(at)s,
        next_ask_at = %(at)s::timestamptz + %(patience)s
    FROM memberships_payments_to_retry(%(on)s, %(first)s, %(last)s, %(by_hand)s, %(method)s) AS due
    WHERE p.id = due.payment_id AND p.ends_on >= %(today)s AND (%(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = due.payment_id AND item.seen = due.seen
    ))
    RETURNING p.id, p.member_id, p.plan_id, p.method_id, p.amount, p.attempt, p.starts_on, p.ends_on
),
event AS (
    INSERT INTO memberships_paymentevent
        (member_id, payment_id, kind, attempt, amount, code, reference, message, "on", at, actor_id, reason)
    SELECT member_id, id, 'requested', attempt, amount, '', '', '', %(on)s, %(at)s, %(actor)s, %(reason)s
    FROM payment
)
SELECT
    payment.id, payment.attempt, method.gateway, method.token, payment.amount,
    plan.name || ' ' || payment.starts_on || ' – ' || payment.ends_on
FROM payment
JOIN memberships_paymentmethod method ON method.id = payment.method_id
JOIN memberships_plan plan ON plan.id = payment.plan_id
