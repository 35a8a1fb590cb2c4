-- Receipts of which something else is paid back, and not claimed again, than the entries say.
SELECT receipt.id, receipt.member_id, coalesce(booked.amount, 0.00), receipt.refunded
FROM credit_receipt receipt
LEFT JOIN (
    SELECT receipt_id, sum(CASE kind WHEN 'refund' THEN amount ELSE -amount END) AS amount
    FROM credit_creditentry
    WHERE receipt_id BETWEEN %(first)s AND %(last)s AND kind IN ('refund', 'reclaim')
    GROUP BY receipt_id
) booked ON booked.receipt_id = receipt.id
WHERE receipt.id BETWEEN %(first)s AND %(last)s AND receipt.refunded <> coalesce(booked.amount, 0)
ORDER BY receipt.id
