-- A member's later messages cannot go before one that waits for its next attempt: they are due with it, so that the
-- messages that are due are those that can be sent.
-- Locks the later messages in the order of their keys; one that somebody holds is left alone, which does no harm.
-- May run twice.
-- Found once, whatever the planner knows of the table: a subquery might be asked again for each message.
WITH waiting AS MATERIALIZED (
    SELECT later.id, head.next_attempt_at AS due_at
    FROM operations_outboxmessage head
    JOIN operations_outboxmessage later
        ON later.owner = head.owner AND later.id > head.id AND later.state = 'queued'
        AND later.next_attempt_at < head.next_attempt_at
    WHERE head.id = ANY(%(keys)s::bigint[]) AND head.state = 'queued'
    ORDER BY later.id
    FOR UPDATE OF later SKIP LOCKED
)
UPDATE operations_outboxmessage message
SET next_attempt_at = waiting.due_at
FROM waiting
WHERE message.id = waiting.id
