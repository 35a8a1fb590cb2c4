-- Lines that have other unapplied credit than their receipts.
SELECT line.id, line.member_id, coalesce(part.amount, 0.00), line.unapplied_amount
FROM credit_creditline line
LEFT JOIN (
    SELECT line_id, sum(unapplied) AS amount
    FROM credit_receipt
    WHERE line_id BETWEEN %(first)s AND %(last)s
    GROUP BY line_id
) part ON part.line_id = line.id
WHERE line.id BETWEEN %(first)s AND %(last)s AND line.unapplied_amount <> coalesce(part.amount, 0)
ORDER BY line.id
