-- Take due messages that nobody listens to out of the queue, so many at a time; how many there were is the count.
-- Locks them and skips what others hold. May run twice: then there are others, or none. `approved` as in claim.sql.
UPDATE operations_outboxmessage message
SET state = 'unheard', error = ''
FROM (
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
) AS due
WHERE message.id = due.id
