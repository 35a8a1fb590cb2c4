-- Receipts whose entries received something else than they should: the whole of one that is matched, nothing in the end
-- of any other. What is claimed of a receipt that did not bounce
-- counts as so much less received.
SELECT receipt.id, receipt.member_id, CASE receipt.state WHEN 'matched' THEN receipt.amount ELSE 0.00 END,
    coalesce(booked.amount, 0.00)
FROM credit_receipt receipt
LEFT JOIN (
    SELECT entry.receipt_id, sum(CASE entry.kind WHEN 'receipt' THEN entry.amount ELSE -entry.amount END) AS amount
    FROM credit_creditentry entry
    JOIN credit_receipt its ON its.id = entry.receipt_id
    WHERE entry.receipt_id BETWEEN %(first)s AND %(last)s
        AND (entry.kind IN ('receipt', 'bounce', 'unmatch') OR entry.kind = 'reclaim' AND its.state <> 'bounced')
    GROUP BY entry.receipt_id
) booked ON booked.receipt_id = receipt.id
WHERE receipt.id BETWEEN %(first)s AND %(last)s
    AND coalesce(booked.amount, 0) <> CASE receipt.state WHEN 'matched' THEN receipt.amount ELSE 0 END
ORDER BY receipt.id
