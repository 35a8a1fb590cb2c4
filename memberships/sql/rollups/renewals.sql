-- The renewals of each programme whose last attempt was made in a span of time, by what became of it; amounts in CNY.
-- Reads the blocks of that span (payment_by_day), locks nothing.
SELECT
    programme_id,
    count(*) AS asked,
    count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE state = 'declined') AS declined,
    count(*) FILTER (WHERE state IN ('requested', 'unknown')) AS open,
    coalesce(sum(amount) FILTER (WHERE state = 'succeeded'), 0) AS amount
FROM memberships_payment
WHERE purpose = 'renewal' AND requested_at >= %(since)s AND requested_at < %(until)s
GROUP BY programme_id
ORDER BY programme_id
