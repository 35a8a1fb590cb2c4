-- Members of whom the newest messages on some topics told since an instant: from the end of the index of each topic.
-- Where more were told of than are taken, those of the newest messages. Reads only.
SELECT newest.owner
FROM unnest(%(topics)s::text[]) AS wanted (topic)
CROSS JOIN LATERAL (
    SELECT message.id, message.owner, message.created_at
    FROM operations_outboxmessage message
    WHERE message.topic = wanted.topic
    ORDER BY message.id DESC
    LIMIT %(most)s
) AS newest
WHERE newest.created_at >= %(since)s AND newest.owner IS NOT NULL
GROUP BY newest.owner
ORDER BY max(newest.id) DESC
LIMIT %(most)s
