-- Lines of which something else is unapplied than their entries say.
SELECT line.id, line.member_id, coalesce(booked.amount, 0.00), line.unapplied_amount
FROM credit_creditline line
LEFT JOIN (
    SELECT line_id, sum(CASE WHEN credit = 'unapplied' THEN amount ELSE -amount END) AS amount
    FROM credit_creditentry
    WHERE line_id BETWEEN %(first)s AND %(last)s AND 'unapplied' IN (debit, credit)
    GROUP BY line_id
) booked ON booked.line_id = line.id
WHERE line.id BETWEEN %(first)s AND %(last)s AND line.unapplied_amount <> coalesce(booked.amount, 0)
ORDER BY line.id
