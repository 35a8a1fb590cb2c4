-- Receipts of which something else is allocated than the entries say.
SELECT receipt.id, receipt.member_id, coalesce(booked.amount, 0.00), receipt.allocated
FROM credit_receipt receipt
LEFT JOIN (
    SELECT receipt_id, sum(CASE kind WHEN 'allocate' THEN amount ELSE -amount END) AS amount
    FROM credit_creditentry
    WHERE receipt_id BETWEEN %(first)s AND %(last)s AND kind IN ('allocate', 'deallocate')
    GROUP BY receipt_id
) booked ON booked.receipt_id = receipt.id
WHERE receipt.id BETWEEN %(first)s AND %(last)s AND receipt.allocated <> coalesce(booked.amount, 0)
ORDER BY receipt.id
