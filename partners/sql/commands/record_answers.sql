-- Write down what came of commands, one answer of each at most: its state, when it is tried next, an event.
--
--   done       it is done                         accepted   the partner will tell: it is asked ever more rarely
--   failed     refused, for good                  unknown    asked again, after a pause that doubles; given up at last
--   later      the partner said when              not_sent   nothing was sent: as if it had not been tried
--
-- An answer is taken where its command is open and at the attempt it is about (NULL: whichever): a repeated or late one
-- finds nothing. Touches the commands, whose fulfilments the caller holds (fulfilments/lock.sql), and events. May run
-- twice. Returns the commands that were answered.
WITH answered AS MATERIALIZED (
    SELECT
        command.id, command.member_id, command.fulfilment_id, command.attempts, command.state AS was,
        command.error AS earlier_error, command.sent_at, answer.outcome, answer.error, answer.detail, answer.latency_ms,
        answer.outcome = 'unknown' AND command.attempts >= %(most_attempts)s AS is_over,
        -- Between half of it and the whole, so that what failed together is not tried again together; never before the
        -- partner said that it may be.
        make_interval(secs => coalesce(answer.retry_after, 0) + (1 + random()) / 2 * CASE answer.outcome
            WHEN 'unknown' THEN least(%(pause)s * power(2, least(command.attempts, 30) - 1), %(longest_pause)s)
            ELSE %(pause)s
        END) AS pause
    FROM json_to_recordset(%(answers)s) AS answer (
        command bigint, attempt integer, outcome text, error text, detail text, latency_ms integer, retry_after float
    )
    JOIN partners_command command ON command.id = answer.command
    WHERE command.state IN ('queued', 'sent', 'unknown')
        AND (answer.attempt IS NULL OR answer.attempt = command.attempts)
), command AS (
    UPDATE partners_command command
    SET state = CASE
            WHEN answered.outcome = 'done' THEN 'done'
            WHEN answered.outcome = 'accepted' THEN 'sent'
            WHEN answered.outcome = 'failed' OR is_over THEN 'failed'
            WHEN answered.outcome = 'unknown' THEN 'unknown'
            WHEN answered.attempts <= 1 THEN 'queued'
            ELSE answered.was
        END,
        attempts = CASE
            WHEN answered.outcome = 'accepted' THEN 1
            WHEN answered.outcome IN ('later', 'not_sent') THEN greatest(answered.attempts - 1, 0)
            ELSE answered.attempts
        END,
        next_attempt_at = %(at)s::timestamptz + CASE answered.outcome
            WHEN 'unknown' THEN answered.pause
            WHEN 'later' THEN answered.pause
            -- As long again as has passed since it was sent.
            WHEN 'accepted' THEN least(
                greatest(%(at)s::timestamptz - answered.sent_at, make_interval(secs => %(first_question)s)),
                make_interval(secs => %(longest_question)s)
            )
            ELSE interval '0'
        END,
        answered_at = CASE
            WHEN answered.outcome IN ('done', 'failed') OR is_over THEN %(at)s::timestamptz
        END,
        latency_ms = coalesce(answered.latency_ms, command.latency_ms),
        error = CASE WHEN answered.outcome IN ('done', 'accepted') THEN '' ELSE answered.error END,
        actor_id = coalesce(%(actor)s, command.actor_id),
        note = CASE WHEN %(note)s = '' THEN command.note ELSE %(note)s END
    FROM answered
    WHERE command.id = answered.id
), event AS (
    INSERT INTO partners_fulfilmentevent (
        member_id, fulfilment_id, command_id, kind, state, attempt, detail, "on", at, actor_id
    )
    SELECT
        member_id, fulfilment_id, id, CASE WHEN outcome IN ('unknown', 'later') THEN 'unknown' ELSE 'answered' END, '',
        attempts, left(concat_ws(' ', outcome, nullif(error, ''), nullif(detail, '')), 200), %(on)s, %(at)s, %(actor)s
    FROM answered
    -- Hearing the same again is one event.
    WHERE outcome IN ('done', 'failed') OR is_over
        OR outcome = 'accepted' AND attempts <= 1
        OR outcome IN ('unknown', 'later') AND error <> earlier_error
    ORDER BY id
)
SELECT id FROM answered
