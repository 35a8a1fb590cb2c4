-- Claim the next due messages of these topics in a range of keys: count an attempt and put the next one off until the
-- lease is over, so that nobody else sends them meanwhile; who dies in the middle loses nothing.
-- A member's message waits for the member's earlier ones: only the oldest that is queued is ever claimed.
-- Locks the messages it returns and skips what others hold. Running it again claims others.
-- `approved`, where it is given, is a dry run: only what it foresaw, and what did not change since, is claimed.
WITH due AS (
    SELECT message.id
    FROM operations_outboxmessage message
    WHERE message.state = 'queued' AND message.next_attempt_at <= %(at)s
        AND message.topic = ANY(%(topics)s::text[])
        AND message.id BETWEEN %(first)s AND %(last)s
        -- Counted, and no anti-join: for that the planner might read the whole queue, at each claim.
        AND 0 = (
            SELECT count(*)
            FROM operations_outboxmessage earlier
            WHERE earlier.owner = message.owner AND earlier.id < message.id AND earlier.state = 'queued'
        )
        AND (%(approved)s::bigint IS NULL OR EXISTS (
            SELECT FROM operations_runitem item
            WHERE item.run_id = %(approved)s AND item.key = message.id AND item.outcome = 'foreseen'
                AND item.seen = message.attempts
        ))
    ORDER BY message.next_attempt_at, message.id
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
UPDATE operations_outboxmessage message
SET attempts = message.attempts + 1, next_attempt_at = %(leased_until)s
FROM due
WHERE message.id = due.id
RETURNING message.*
