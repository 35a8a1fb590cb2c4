-- Note the money that a gateway says it took although our payment says otherwise: abandoned meanwhile, or paid by
-- another attempt. Nothing is done about it here but to say so, once: an event, and a message that people are told.
WITH paid AS (
    SELECT p.id, p.member_id, p.amount, paid.attempt, paid.code, paid.reference, paid.message
    FROM json_to_recordset(%(answers)s) AS paid (
        payment bigint, attempt integer, code text, reference text, message text
    )
    JOIN memberships_payment p ON p.id = paid.payment
    WHERE NOT (p.state = 'succeeded' AND p.attempt = paid.attempt)
        AND NOT EXISTS (
            SELECT FROM memberships_paymentevent e
            WHERE e.payment_id = p.id AND e.attempt = paid.attempt AND e.kind = 'contradicted'
        )
),
message AS (
    INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    SELECT
        'payment.contradicted', 'contradicted:' || id || '-' || attempt, member_id,
        jsonb_build_object(
            'member', member_id, 'payment', id, 'attempt', attempt, 'amount', amount::text, 'reference', reference
        ),
        'queued', 0, '', %(at)s, %(at)s
    FROM paid
    ON CONFLICT (key) DO NOTHING
)
INSERT INTO memberships_paymentevent
    (member_id, payment_id, kind, attempt, amount, code, reference, message, "on", at, actor_id, reason)
SELECT
    member_id, id, 'contradicted', attempt, amount, code, reference, message, %(on)s, %(at)s, %(actor)s, ''
FROM paid
RETURNING payment_id, attempt
