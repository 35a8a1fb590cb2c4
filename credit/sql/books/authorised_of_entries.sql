-- Lines of which something else is authorised than their entries say.
SELECT line.id, line.member_id, coalesce(booked.amount, 0.00), line.authorised_amount
FROM credit_creditline line
LEFT JOIN (
    SELECT line_id, sum(CASE WHEN debit = 'authorised' THEN amount ELSE -amount END) AS amount
    FROM credit_creditentry
    WHERE line_id BETWEEN %(first)s AND %(last)s AND 'authorised' IN (debit, credit)
    GROUP BY line_id
) booked ON booked.line_id = line.id
WHERE line.id BETWEEN %(first)s AND %(last)s AND line.authorised_amount <> coalesce(booked.amount, 0)
ORDER BY line.id
