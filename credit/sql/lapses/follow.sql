-- Make the range's lines stand as their cards do, and tell of it. Returns the lines and what happened to them. Of an
-- approved dry run, only lines that it lists and whose facts are as it saw them.
--
-- Where another card carries a line and offers less than was agreed under the one before, the line may owe no more than
-- that on any day from this one on: versions over it, now or later, are followed by one with that limit, and increases
-- end on the day before the first on which limit and increases would come to more. Nor does a rule hold by which
-- an invoice could be due later than the card allows: the version that follows has the rule of the offer (`too_long`:
-- such rules by plan, with the rule of its offer).
--
-- Touches lines, versions, increases and the outbox. Members and lines are locked already, which is what whoever changes
-- versions or increases locks first. May run twice: a line that stands as its card does is not found again, and a message
-- has its key.
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
-- What was agreed: the version in force from the day on, and from each later day the last one that was made.
agreed AS MATERIALIZED (
    SELECT DISTINCT ON (version.line_id, greatest(version.starts_on, %(on)s::date))
        version.line_id, version.member_id, greatest(version.starts_on, %(on)s::date) AS day, version."limit",
        coalesce(shorter.offered, version.terms) AS terms, shorter.plan_id IS NOT NULL AS is_too_long,
        due."limit" AS offered, due.subscription_id
    FROM due
    JOIN credit_lineversion version ON version.line_id = due.line_id
    JOIN memberships_subscription card ON card.id = due.subscription_id
    LEFT JOIN jsonb_to_recordset(%(too_long)s::jsonb) AS shorter (plan_id bigint, terms jsonb, offered jsonb)
        ON shorter.plan_id = card.plan_id AND shorter.terms = version.terms
    WHERE due."limit" IS NOT NULL
    ORDER BY version.line_id, greatest(version.starts_on, %(on)s::date), version.starts_on DESC, version.number DESC
),
lowered AS (
    INSERT INTO credit_lineversion
        (line_id, member_id, number, "limit", terms, starts_on, evidence, maker_id, checker_id, approval_id, reason, at)
    SELECT
        line_id, member_id, last.number + row_number() OVER (PARTITION BY line_id ORDER BY day),
        least("limit", offered), terms, day,
        jsonb_build_object('card', subscription_id), %(actor)s, NULL, NULL, %(reason)s, %(at)s
    FROM agreed
    CROSS JOIN LATERAL (
        SELECT max(number) AS number FROM credit_lineversion version WHERE version.line_id = agreed.line_id
    ) AS last
    WHERE "limit" > offered OR is_too_long
),
increase AS MATERIALIZED (
    SELECT increase.id, increase.line_id, increase.amount, greatest(increase.starts_on, %(on)s::date) AS day,
        increase.ends_on
    FROM (SELECT DISTINCT line_id FROM agreed) AS line
    JOIN credit_temporaryincrease increase ON increase.line_id = line.line_id AND increase.ends_on >= %(on)s
),
-- A limit rises with a version or an increase, so that the first day over the offer is the first day of one of them.
too_high AS (
    SELECT edge.line_id, edge.day
    FROM (SELECT line_id, day FROM agreed UNION SELECT line_id, day FROM increase) AS edge
    CROSS JOIN LATERAL (
        SELECT least(agreed."limit", agreed.offered) AS "limit", agreed.offered
        FROM agreed
        WHERE agreed.line_id = edge.line_id AND agreed.day <= edge.day
        ORDER BY agreed.day DESC
        LIMIT 1
    ) AS version
    WHERE version."limit" + (
        SELECT coalesce(sum(increase.amount), 0)
        FROM increase
        WHERE increase.line_id = edge.line_id AND edge.day BETWEEN increase.day AND increase.ends_on
    ) > version.offered
),
shortened AS (
    UPDATE credit_temporaryincrease running
    SET ends_on = first.day - 1
    FROM (
        SELECT increase.id, min(too_high.day) AS day
        FROM increase
        JOIN too_high ON too_high.line_id = increase.line_id
            AND too_high.day BETWEEN increase.day AND increase.ends_on
        GROUP BY increase.id
    ) AS first
    WHERE running.id = first.id
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
