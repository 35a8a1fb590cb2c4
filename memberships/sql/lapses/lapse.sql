-- Tell of the range's cards that entered their grace, and end those whose grace is over, on its last day. Returns the
-- cards and what happened to them. Of an approved dry run, only cards that it lists and whose facts are as it saw them.
-- Members are locked already. May run twice: a message has its key, an ended card is not ended again.
WITH ending AS MATERIALIZED (
    SELECT *
    FROM memberships_ending_cards(%(on)s, %(first)s, %(last)s) AS due
    WHERE due.kind <> 'abandon' AND (%(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = due.subscription_id AND item.seen = due.seen
    ))
),
lapsed AS (
    UPDATE memberships_subscription s
    SET ended_on = ending.ended_on, lapsed_on = %(on)s
    FROM ending
    WHERE s.id = ending.subscription_id AND ending.kind = 'lapse'
),
message AS (
    INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    SELECT
        CASE kind WHEN 'lapse' THEN 'subscription.lapsed' ELSE 'subscription.entered_grace' END,
        CASE kind WHEN 'lapse' THEN 'lapsed:' || subscription_id ELSE 'grace:' || subscription_id || ':' || paid_until END,
        member_id,
        jsonb_build_object(
            'member', member_id, 'subscription', subscription_id, 'paid_until', paid_until, 'ended_on', ended_on
        ),
        'queued', 0, '', %(at)s, %(at)s
    FROM ending
    ON CONFLICT (key) DO NOTHING
)
SELECT subscription_id, kind FROM ending
