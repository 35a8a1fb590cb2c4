-- Write down what gateways answered, one answer for each payment at most: a paid term is added to its card, the payment
-- gets its state, the ledger an event, the outbox a message. Returns the answers that were taken.
--
-- An answer is taken where its payment is open and at the attempt it is about: a repeated or late one finds nothing.
-- A paid term is added where the card can take it: live, the term next in its chain, no paid day of another card of the
-- programme in the way. Where it cannot, the payment stands succeeded without a term, for the books to name.
-- The payments are locked by their update; their members are locked already (lock_members), as by everybody who writes
-- payments, terms and cards, so that what is read here holds to the end. May run twice.
WITH found AS MATERIALIZED (
    -- By their keys: whether they are open is asked of what was found, since an index of all open ones may hold many.
    SELECT
        p.id, p.member_id, p.subscription_id, p.programme_id, p.plan_id, p.purpose, p.amount, p.term_number,
        p.starts_on, p.ends_on, p.attempt, p.state, answer.outcome, answer.code, answer.reference, answer.message,
        -- Asking again and again without an answer is one event, and so is hearing again that the gateway never got it.
        answer.outcome IN ('unknown', 'absent') AND EXISTS (
            SELECT FROM memberships_paymentevent e
            WHERE e.payment_id = p.id AND e.attempt = p.attempt AND e.kind = answer.outcome AND e.code = answer.code
        ) AS is_old_news,
        answer.outcome = 'succeeded' AND card.ended_on IS NULL
            AND CASE p.purpose
                WHEN 'start' THEN card.started_on IS NULL
                ELSE card.paid_until = p.starts_on - 1
            END
            AND NOT EXISTS (
                SELECT FROM memberships_term t
                WHERE t.member_id = p.member_id AND t.programme_id = p.programme_id AND t.ends_on >= p.starts_on
            ) AS takes_term,
        card.plan_id <> p.plan_id OR card.started_on IS NULL AS changes_card
    FROM json_to_recordset(%(answers)s) AS answer (
        payment bigint, attempt integer, outcome text, code text, reference text, message text
    )
    JOIN memberships_payment p ON p.id = answer.payment AND p.attempt = answer.attempt
    JOIN memberships_subscription card ON card.id = p.subscription_id
),
-- The term's key is drawn beforehand, so that the payment can name it.
answered AS MATERIALIZED (
    SELECT found.*, CASE WHEN takes_term THEN nextval('memberships_term_id_seq'::regclass) END AS term_id
    FROM found
    WHERE state IN ('requested', 'unknown')
),
term AS (
    INSERT INTO memberships_term (id, member_id, subscription_id, programme_id, plan_id, number, starts_on, ends_on)
    SELECT term_id, member_id, subscription_id, programme_id, plan_id, term_number, starts_on, ends_on
    FROM answered
    WHERE takes_term
),
card AS (
    UPDATE memberships_subscription s
    SET plan_id = answered.plan_id, started_on = coalesce(s.started_on, answered.starts_on)
    FROM answered
    WHERE s.id = answered.subscription_id AND answered.takes_term AND answered.changes_card
),
payment AS (
    UPDATE memberships_payment p
    SET
        state = CASE answered.outcome
            WHEN 'succeeded' THEN 'succeeded'
            WHEN 'unknown' THEN 'unknown'
            WHEN 'absent' THEN 'requested'
            ELSE 'declined'
        END,
        decline = CASE WHEN answered.outcome IN ('soft', 'hard') THEN answered.outcome ELSE '' END,
        code = answered.code,
        reference = answered.reference,
        term_id = answered.term_id,
        answered_at = CASE WHEN answered.outcome NOT IN ('unknown', 'absent') THEN %(at)s::timestamptz END,
        -- The plan's next day of trying again; a first term is paid for on the day it is wanted, by hand.
        next_attempt_on = CASE WHEN answered.outcome = 'soft' AND p.purpose = 'renewal' THEN (
            SELECT min(p.requested_on + day)
            FROM memberships_plan plan, unnest(plan.retry_days) AS day
            WHERE plan.id = p.plan_id AND p.requested_on + day > %(on)s
        ) END,
        -- As long again as has passed since the attempt: 5, 10, 20, 40 seconds, then every minute.
        next_ask_at = CASE WHEN answered.outcome IN ('unknown', 'absent') THEN %(at)s::timestamptz + least(
            greatest(%(at)s::timestamptz - p.requested_at, interval '5 seconds'), interval '1 minute'
        ) END
    FROM answered
    WHERE p.id = answered.id
),
event AS (
    INSERT INTO memberships_paymentevent
        (member_id, payment_id, kind, attempt, amount, code, reference, message, "on", at, actor_id, reason)
    SELECT
        member_id, id, CASE WHEN outcome IN ('soft', 'hard') THEN 'declined' ELSE outcome END, attempt,
        CASE WHEN outcome = 'succeeded' THEN amount END, code, reference, message, %(on)s, %(at)s, %(actor)s, ''
    FROM answered
    WHERE NOT is_old_news
),
message AS (
    INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    SELECT
        CASE purpose WHEN 'start' THEN 'subscription.started' ELSE 'subscription.renewed' END,
        CASE purpose WHEN 'start' THEN 'started:' ELSE 'renewed:' END || subscription_id || ':' || starts_on,
        member_id,
        jsonb_build_object(
            'member', member_id, 'subscription', subscription_id, 'plan', plan_id, 'payment', id, 'term', term_number,
            'starts_on', starts_on, 'ends_on', ends_on, 'amount', amount::text
        ),
        'queued', 0, '', %(at)s, %(at)s
    FROM answered
    WHERE takes_term
    ON CONFLICT (key) DO NOTHING
)
SELECT id, attempt, takes_term FROM answered
