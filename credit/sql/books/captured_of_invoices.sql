-- Authorisations of which something else was captured than their invoices are of.
SELECT authorisation.id, authorisation.member_id, coalesce(invoiced.amount, 0.00), authorisation.captured
FROM credit_authorisation authorisation
LEFT JOIN (
    SELECT authorisation_id, sum(amount) AS amount
    FROM credit_invoice
    WHERE authorisation_id BETWEEN %(first)s AND %(last)s
    GROUP BY authorisation_id
) invoiced ON invoiced.authorisation_id = authorisation.id
WHERE authorisation.id BETWEEN %(first)s AND %(last)s AND authorisation.captured <> coalesce(invoiced.amount, 0)
ORDER BY authorisation.id
