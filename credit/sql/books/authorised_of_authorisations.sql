-- Lines that hold something else than their authorisations do.
SELECT line.id, line.member_id, coalesce(part.amount, 0.00), line.authorised_amount
FROM credit_creditline line
LEFT JOIN (
    SELECT line_id, sum(amount - captured) AS amount
    FROM credit_authorisation
    WHERE line_id BETWEEN %(first)s AND %(last)s AND state = 'held'
    GROUP BY line_id
) part ON part.line_id = line.id
WHERE line.id BETWEEN %(first)s AND %(last)s AND line.authorised_amount <> coalesce(part.amount, 0)
ORDER BY line.id
