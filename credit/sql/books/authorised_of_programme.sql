-- Programmes of whose lines something else is authorised in total than the account says.
SELECT totals.programme_id, NULL::bigint, totals.booked, totals.kept
FROM (
    SELECT line.programme_id, sum(line.authorised_amount) AS kept, coalesce(sum(booked.amount), 0.00) AS booked
    FROM credit_creditline line
    LEFT JOIN (
        SELECT line_id, sum(CASE WHEN debit = 'authorised' THEN amount ELSE -amount END) AS amount
        FROM credit_creditentry
        WHERE 'authorised' IN (debit, credit)
        GROUP BY line_id
    ) booked ON booked.line_id = line.id
    WHERE line.programme_id BETWEEN %(first)s AND %(last)s
    GROUP BY line.programme_id
) totals
WHERE totals.kept <> totals.booked
ORDER BY totals.programme_id
