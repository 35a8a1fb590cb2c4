-- Let the due messages of a topic wait until its quiet hours end: what was put before they began, or is tried again.
-- So many at a time; how many there were is the count. What is being sent is not due, and goes on.
-- Locks them and skips what others hold. May run twice: then there are others, or none.
-- Found once, and then looked up by key, whatever the planner knows of the table: joined, each message might ask again.
WITH due AS MATERIALIZED (
    SELECT queued.id
    FROM operations_outboxmessage queued
    WHERE queued.state = 'queued' AND queued.next_attempt_at <= %(at)s AND queued.topic = %(topic)s
        AND queued.id BETWEEN %(first)s AND %(last)s
    ORDER BY queued.next_attempt_at, queued.id
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
UPDATE operations_outboxmessage message
SET state = 'waiting', next_attempt_at = %(until)s
WHERE message.id = ANY(ARRAY(SELECT due.id FROM due))
