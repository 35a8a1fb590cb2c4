-- Customers whose lines hold something else than the authorisations in their name. Whatever
-- stands in the name of a customer counts, of whichever line, and so do all lines of a customer with one in the range.
WITH customer AS MATERIALIZED (
    SELECT DISTINCT member_id FROM credit_creditline WHERE id BETWEEN %(first)s AND %(last)s
),
kept AS (
    SELECT line.member_id, sum(line.authorised_amount) AS amount
    FROM customer
    JOIN credit_creditline line ON line.member_id = customer.member_id
    GROUP BY line.member_id
),
named AS (
    SELECT part.member_id, sum(part.amount - part.captured) AS amount
    FROM credit_authorisation part
    JOIN customer ON customer.member_id = part.member_id
    WHERE part.line_id IS NOT NULL AND part.state = 'held'
    GROUP BY part.member_id
)
SELECT kept.member_id, kept.member_id, coalesce(named.amount, 0.00), kept.amount
FROM kept
LEFT JOIN named ON named.member_id = kept.member_id
WHERE kept.amount <> coalesce(named.amount, 0)
ORDER BY kept.member_id
