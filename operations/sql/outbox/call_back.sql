-- Make due what was put off further than any pause or lease reaches: the clock that dated it was ahead, and a member's
-- later messages would wait for it. At the far end of the index by which the queue is read, where there is mostly nothing.
-- Locks those messages in the order of their keys and skips what others hold. May run twice: then there are none.
-- Found once, and then looked up by key, whatever the planner knows of the table: joined, each message might ask again.
WITH far AS MATERIALIZED (
    SELECT queued.id
    FROM operations_outboxmessage queued
    WHERE queued.state = 'queued' AND queued.next_attempt_at > %(at)s::timestamptz + %(farthest)s
        AND queued.id BETWEEN %(first)s AND %(last)s
    ORDER BY queued.id
    FOR UPDATE SKIP LOCKED
)
UPDATE operations_outboxmessage message
SET next_attempt_at = %(at)s
WHERE message.id = ANY(ARRAY(SELECT far.id FROM far))
