-- Write down what became of claimed messages: sent; parked (refused, or the attempts are used up); or queued again,
-- after a pause that doubles with each attempt. Returns how many came to which state.
-- Locks the messages of the list in the order of their keys. May run twice: what is queued no more is left alone, and
-- so is an answer to an attempt that was not the last one, unless it says that the message has arrived.
WITH answered AS (
    SELECT message.id, answer.is_delivered, answer.error,
        answer.is_refused OR message.attempts >= %(most_attempts)s AS is_over,
        make_interval(secs => least(
            %(pause)s * power(2, least(message.attempts, 30) - 1), %(longest_pause)s
        )) AS pause
    FROM unnest(
        %(keys)s::bigint[], %(attempts)s::int[], %(delivered)s::boolean[], %(refused)s::boolean[], %(errors)s::text[]
    ) AS answer (key, attempt, is_delivered, is_refused, error)
    JOIN operations_outboxmessage message ON message.id = answer.key
    -- What quiet hours took out of the queue meanwhile may have arrived all the same.
    WHERE (message.state = 'queued' AND (answer.is_delivered OR message.attempts = answer.attempt))
        OR (message.state = 'waiting' AND answer.is_delivered)
    ORDER BY message.id
    FOR UPDATE OF message
), settled AS (
    UPDATE operations_outboxmessage message
    SET state = CASE WHEN is_delivered THEN 'sent' WHEN is_over THEN 'parked' ELSE 'queued' END,
        error = answered.error,
        sent_at = CASE WHEN is_delivered THEN %(at)s::timestamptz END,
        next_attempt_at = %(at)s::timestamptz + CASE WHEN is_delivered OR is_over THEN interval '0' ELSE pause END
    FROM answered
    WHERE message.id = answered.id
    RETURNING message.state
)
SELECT state, count(*) FROM settled GROUP BY state
