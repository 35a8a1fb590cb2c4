-- Tell everybody of a range: a notice and its outgoing message for each channel on which they are reached, due at once or
-- when the channel's quiet hours end. Returns the records of which something was new.
-- What is over by the business date it is worked on (`today`) is not told any more, whatever night is made up for.
-- Of an approved dry run, only those it lists and whose facts are as it saw them.
-- Inserts notices and messages; locks nothing. May run twice: a notice is told once for each member, key and channel. At
-- the same time, too: messages are written in one order, whoever comes second waits for the first and leaves theirs out.
WITH fresh AS MATERIALIZED (
    SELECT told.*, nextval('operations_outboxmessage_id_seq'::regclass) AS message
    FROM (
        SELECT found.id, found.owner, found.key, found.facts, way.*
        FROM {function}(%(on)s, %(days)s, %(first)s, %(last)s) AS found
        CROSS JOIN unnest(%(channels)s::text[], %(topics)s::text[], %(due_ats)s::timestamptz[])
            AS way (channel, topic, due_at)
        WHERE found.until >= %(today)s AND (way.channel <> 'email' OR found.has_email)
            AND (way.channel <> 'sms' OR {takes_sms}(found.owner, %(is_required)s))
            AND (%(approved)s::bigint IS NULL OR EXISTS (
                SELECT FROM operations_runitem item
                WHERE item.run_id = %(approved)s AND item.key = found.id * %(places)s + %(place)s
                    AND item.seen = hashtextextended(found.key || found.facts::text, 0)
            ))
            AND NOT EXISTS (
                SELECT FROM operations_notice known
                WHERE known.owner = found.owner AND known.key = found.key AND known.channel = way.channel
            )
        ORDER BY found.id, way.channel
    ) AS told
),
written AS (
    INSERT INTO operations_outboxmessage
        (id, topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    -- The member's, where it is a webhook; else nobody's: a mail that does not go must not hold up what webhooks tell.
    SELECT message, topic, 'notice:' || channel || ':' || owner || ':' || key,
        CASE WHEN channel = 'webhook' THEN owner END,
        jsonb_build_object('kind', %(kind)s::text, 'member', owner, 'facts', facts),
        CASE WHEN due_at > %(at)s THEN 'waiting' ELSE 'queued' END, 0, '', %(at)s, due_at
    FROM fresh
    ON CONFLICT (key) DO NOTHING
    RETURNING id
),
notice AS (
    INSERT INTO operations_notice (kind, owner, channel, key, facts, message_id, "on", at)
    SELECT %(kind)s, owner, channel, key, facts, message, %(on)s, %(at)s
    FROM fresh JOIN written ON written.id = fresh.message
)
SELECT DISTINCT fresh.id * %(places)s + %(place)s FROM fresh JOIN written ON written.id = fresh.message
