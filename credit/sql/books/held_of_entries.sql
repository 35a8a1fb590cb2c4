-- Authorisations that hold something else than their entries say; one that has ended holds nothing.
SELECT
    authorisation.id, authorisation.member_id,
    CASE authorisation.state WHEN 'held' THEN authorisation.amount - authorisation.captured ELSE 0.00 END,
    coalesce(booked.amount, 0.00)
FROM credit_authorisation authorisation
LEFT JOIN (
    SELECT authorisation_id, sum(CASE kind WHEN 'authorise' THEN amount ELSE -amount END) AS amount
    FROM credit_creditentry
    WHERE authorisation_id BETWEEN %(first)s AND %(last)s AND kind IN ('authorise', 'release')
    GROUP BY authorisation_id
) booked ON booked.authorisation_id = authorisation.id
WHERE authorisation.id BETWEEN %(first)s AND %(last)s
    AND coalesce(booked.amount, 0)
        <> CASE authorisation.state WHEN 'held' THEN authorisation.amount - authorisation.captured ELSE 0 END
ORDER BY authorisation.id
