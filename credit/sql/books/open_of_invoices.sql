-- Lines that have something else open than their invoices have outstanding.
SELECT line.id, line.member_id, coalesce(part.amount, 0.00), line.open_amount
FROM credit_creditline line
LEFT JOIN (
    SELECT line_id, sum(outstanding) AS amount
    FROM credit_invoice
    WHERE line_id BETWEEN %(first)s AND %(last)s
    GROUP BY line_id
) part ON part.line_id = line.id
WHERE line.id BETWEEN %(first)s AND %(last)s AND line.open_amount <> coalesce(part.amount, 0)
ORDER BY line.id
