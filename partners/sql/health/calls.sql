-- By each of these partners: the commands answered for good in the last hour and the last day, those that failed, and how
-- long the answers took. Of a partner's newest %(most)s commands of the day at most: on a day of more, of those, so that
-- a busy partner takes nothing from what is seen of the others.
-- Reads command_answered from its end, once for each partner. Locks nothing.
SELECT
    partner.id,
    count(*) FILTER (WHERE is_of_hour),
    count(*) FILTER (WHERE is_of_hour AND newest.state = 'failed'),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE is_of_hour),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE is_of_hour),
    count(*),
    count(*) FILTER (WHERE newest.state = 'failed'),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY latency_ms)
FROM unnest(%(partners)s::bigint[]) AS partner (id)
CROSS JOIN LATERAL (
    SELECT state, latency_ms, answered_at >= %(hour)s AS is_of_hour
    FROM partners_command
    WHERE partner_id = partner.id AND answered_at >= %(day)s AND answered_at <= %(at)s
    ORDER BY answered_at DESC
    LIMIT %(most)s
) AS newest
GROUP BY partner.id
