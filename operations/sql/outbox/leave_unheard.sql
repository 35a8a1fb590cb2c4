-- Take due messages that nobody listens to out of the queue, so many at a time; how many there were is the count.
-- Locks them and skips what others hold. May run twice: then there are others, or none. `approved` as in claim.sql.
-- Found once, and then looked up by key, whatever the planner knows of the table: joined, each message might ask again.
WITH due AS MATERIALIZED (
    SELECT queued.id
    FROM operations_outboxmessage queued
    WHERE queued.state = 'queued' AND queued.next_attempt_at <= %(at)s AND queued.topic = ANY(%(topics)s::text[])
        AND queued.id BETWEEN %(first)s AND %(last)s
        AND (%(approved)s::bigint IS NULL OR EXISTS (
            SELECT FROM operations_runitem item
            WHERE item.run_id = %(approved)s AND item.key = queued.id AND item.outcome = 'foreseen'
                AND item.seen = queued.attempts
        ))
    ORDER BY queued.next_attempt_at, queued.id
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
UPDATE operations_outboxmessage message
SET state = 'unheard', error = ''
WHERE message.id = ANY(ARRAY(SELECT due.id FROM due))
