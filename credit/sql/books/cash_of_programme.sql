-- Programmes of which something else came in than was allocated, paid back, or is unapplied: the receipts of their lines
-- against the account of cash, which has what came in less what bounced, was unmatched or paid back; what was paid back
-- of a receipt that bounced left twice, and is claimed.
SELECT totals.programme_id, NULL::bigint, totals.booked, totals.kept
FROM (
    SELECT
        line.programme_id, coalesce(sum(received.amount), 0.00) AS kept, coalesce(sum(booked.amount), 0.00) AS booked
    FROM credit_creditline line
    LEFT JOIN (
        SELECT line_id, sum(allocated + unapplied) AS amount
        FROM credit_receipt
        WHERE state = 'matched'
        GROUP BY line_id
    ) received ON received.line_id = line.id
    LEFT JOIN (
        SELECT line_id, sum(CASE WHEN debit = 'cash' OR kind = 'reclaim' THEN amount ELSE -amount END) AS amount
        FROM credit_creditentry
        WHERE 'cash' IN (debit, credit) OR kind = 'reclaim'
        GROUP BY line_id
    ) booked ON booked.line_id = line.id
    WHERE line.programme_id BETWEEN %(first)s AND %(last)s
    GROUP BY line.programme_id
) totals
WHERE totals.kept <> totals.booked
ORDER BY totals.programme_id
