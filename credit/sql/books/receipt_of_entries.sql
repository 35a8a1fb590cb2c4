-- Receipts whose entries received something else than they should: the whole of one that is matched, nothing in the end
-- of any other.
SELECT receipt.id, receipt.member_id, CASE receipt.state WHEN 'matched' THEN receipt.amount ELSE 0.00 END,
    coalesce(booked.amount, 0.00)
FROM credit_receipt receipt
LEFT JOIN (
    SELECT receipt_id, sum(CASE kind WHEN 'receipt' THEN amount ELSE -amount END) AS amount
    FROM credit_creditentry
    WHERE receipt_id BETWEEN %(first)s AND %(last)s AND kind IN ('receipt', 'bounce', 'unmatch')
    GROUP BY receipt_id
) booked ON booked.receipt_id = receipt.id
WHERE receipt.id BETWEEN %(first)s AND %(last)s
    AND coalesce(booked.amount, 0) <> CASE receipt.state WHEN 'matched' THEN receipt.amount ELSE 0 END
ORDER BY receipt.id
