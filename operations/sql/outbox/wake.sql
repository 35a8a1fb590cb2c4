-- Queue the messages of a range whose quiet hours are over, so many at a time; how many there were is the count.
-- Reads the index of what waits, from its near end. Locks them and skips what others hold. May run twice: then there are
-- others, or none.
-- Found once, and then looked up by key, whatever the planner knows of the table: joined, each message might ask again.
WITH due AS MATERIALIZED (
    SELECT waiting.id
    FROM operations_outboxmessage waiting
    WHERE waiting.state = 'waiting' AND waiting.next_attempt_at <= %(at)s
        AND waiting.id BETWEEN %(first)s AND %(last)s
    ORDER BY waiting.next_attempt_at, waiting.id
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
UPDATE operations_outboxmessage message
SET state = 'queued'
WHERE message.id = ANY(ARRAY(SELECT due.id FROM due))
