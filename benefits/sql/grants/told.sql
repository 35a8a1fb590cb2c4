-- Members of whom the newest messages on some topics told since an instant: from the end of the index of each topic.
-- Reads only.
SELECT DISTINCT newest.owner
FROM unnest(%(topics)s::text[]) AS topic
CROSS JOIN LATERAL (
    SELECT message.owner, message.created_at
    FROM operations_outboxmessage message
    WHERE message.topic = topic
    ORDER BY message.id DESC
    LIMIT %(most)s
) AS newest
WHERE newest.created_at >= %(since)s AND newest.owner IS NOT NULL
ORDER BY newest.owner
LIMIT %(most)s
