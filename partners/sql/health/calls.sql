-- By partner: the commands answered for good in the last hour and the last day, those that failed, and how long the
-- answers took. Of the newest %(most)s commands of the day at most: on a day of more, of those.
-- Reads command_answered from its end, and each command's fulfilment by key. Locks nothing.
WITH newest AS MATERIALIZED (
    SELECT fulfilment_id, state, latency_ms, answered_at >= %(hour)s AS is_of_hour
    FROM partners_command
    WHERE answered_at >= %(day)s AND answered_at <= %(at)s
    ORDER BY answered_at DESC
    LIMIT %(most)s
)
SELECT
    f.partner_id,
    count(*) FILTER (WHERE is_of_hour),
    count(*) FILTER (WHERE is_of_hour AND newest.state = 'failed'),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE is_of_hour),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE is_of_hour),
    count(*),
    count(*) FILTER (WHERE newest.state = 'failed'),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY latency_ms)
FROM newest
JOIN partners_fulfilment f ON f.id = newest.fulfilment_id
GROUP BY f.partner_id
