-- Stocks of which something else is taken than the redemptions of all members add up to, but for those returned.
SELECT stock.benefit_id, NULL, coalesce(counted.quantity, 0), stock.taken
FROM benefits_benefitstock stock
LEFT JOIN (
    SELECT benefit_id, sum(quantity) AS quantity
    FROM benefits_redemption
    WHERE benefit_id BETWEEN %(first)s AND %(last)s AND state = 'done'
    GROUP BY benefit_id
) AS counted ON counted.benefit_id = stock.benefit_id
WHERE stock.benefit_id BETWEEN %(first)s AND %(last)s AND stock.taken <> coalesce(counted.quantity, 0)
ORDER BY stock.benefit_id
