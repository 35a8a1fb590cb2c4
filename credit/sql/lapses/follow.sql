-- Make the range's lines stand as their cards do, and tell of it. Where another card carries a line and offers less, the
-- line has a version with that limit from the day. Returns the lines and what happened to them. Of an approved dry run,
-- only lines that it lists and whose facts are as it saw them. Members and lines are locked already. May run twice: a
-- line that stands as its card does is not found again, and a message has its key.
WITH due AS MATERIALIZED (
    SELECT *
    FROM credit_lines_to_follow(%(on)s, %(first)s, %(last)s) AS due
    WHERE %(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = due.line_id AND item.seen = due.seen
    )
),
followed AS (
    UPDATE credit_creditline line
    SET
        state = CASE due.kind WHEN 'lapse' THEN 'lapsed' WHEN 'close' THEN 'closed' ELSE 'active' END,
        lapsed_on = CASE due.kind
            WHEN 'lapse' THEN coalesce(due.lapsed_on, %(on)s) WHEN 'close' THEN line.lapsed_on
        END,
        -- A night that is made up for closes no line before what was the last to happen on it.
        closed_on = CASE due.kind WHEN 'close' THEN greatest(
            %(on)s::date, (SELECT max(entry."on") FROM credit_creditentry entry WHERE entry.line_id = line.id)
        ) END,
        subscription_id = CASE WHEN due.kind IN ('restore', 'move') THEN due.subscription_id ELSE line.subscription_id END
    FROM due
    WHERE line.id = due.line_id
),
lowered AS (
    INSERT INTO credit_lineversion
        (line_id, member_id, number, "limit", terms, starts_on, evidence, maker_id, checker_id, approval_id, reason, at)
    SELECT
        due.line_id, due.member_id, last.number + 1, due."limit", in_force.terms, %(on)s,
        jsonb_build_object('card', due.subscription_id), %(actor)s, NULL, NULL, %(reason)s, %(at)s
    FROM due
    CROSS JOIN LATERAL (
        SELECT max(number) AS number FROM credit_lineversion version WHERE version.line_id = due.line_id
    ) AS last
    CROSS JOIN LATERAL (
        SELECT version.terms
        FROM credit_lineversion version
        WHERE version.line_id = due.line_id AND version.starts_on <= %(on)s
        ORDER BY version.starts_on DESC, version.number DESC
        LIMIT 1
    ) AS in_force
    WHERE due."limit" IS NOT NULL
),
message AS (
    INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    SELECT
        CASE kind
            WHEN 'lapse' THEN 'credit_line.lapsed' WHEN 'close' THEN 'credit_line.closed' ELSE 'credit_line.restored'
        END,
        'credit_line:' || line_id || ':' || kind || ':' || %(on)s::date, member_id,
        jsonb_build_object('member', member_id, 'line', line_id, 'subscription', subscription_id, 'on', %(on)s::date),
        'queued', 0, '', %(at)s, %(at)s
    FROM due
    WHERE kind <> 'move'
    ON CONFLICT (key) DO NOTHING
)
SELECT line_id, kind FROM due
