-- Tell everybody of a range: a notice and its outgoing message for each channel. Returns how many were new.
-- What is over by the business date it is worked on (`today`) is not told any more, whatever night is made up for.
-- Of an approved dry run, only those it lists and whose facts are as it saw them.
-- Inserts notices and messages; locks nothing. May run twice: a notice is told once for each member, key and channel.
WITH fresh AS MATERIALIZED (
    SELECT told.*, nextval('operations_outboxmessage_id_seq'::regclass) AS message
    FROM (
        SELECT found.id, found.owner, found.key, found.facts, channel
        FROM {function}(%(on)s, %(days)s, %(first)s, %(last)s) AS found
        CROSS JOIN unnest(%(channels)s::text[]) AS channel
        WHERE found.until >= %(today)s AND (channel <> 'email' OR found.has_email)
            AND (%(approved)s::bigint IS NULL OR EXISTS (
                SELECT FROM operations_runitem item
                WHERE item.run_id = %(approved)s AND item.key = found.id * %(places)s + %(place)s
                    AND item.seen = hashtextextended(found.key || found.facts::text, 0)
            ))
            AND NOT EXISTS (
                SELECT FROM operations_notice known
                WHERE known.owner = found.owner AND known.key = found.key AND known.channel = channel
            )
        ORDER BY found.id, channel
    ) AS told
),
message AS (
    INSERT INTO operations_outboxmessage
        (id, topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    -- Nobody's, where it is an e-mail: one that does not go must not hold up what the member's webhooks tell.
    SELECT message, 'notice.' || channel, 'notice:' || channel || ':' || owner || ':' || key,
        CASE WHEN channel <> 'email' THEN owner END,
        jsonb_build_object('kind', %(kind)s::text, 'member', owner, 'facts', facts), 'queued', 0, '', %(at)s, %(at)s
    FROM fresh
),
notice AS (
    INSERT INTO operations_notice (kind, owner, channel, key, facts, message_id, "on", at)
    SELECT %(kind)s, owner, channel, key, facts, message, %(on)s, %(at)s
    FROM fresh
)
SELECT DISTINCT id * %(places)s + %(place)s FROM fresh
