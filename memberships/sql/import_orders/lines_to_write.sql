-- The lines that a chunk writes: the new ones of its range, and the orders that returns among them are of, wherever they
-- stand; without those that were written already. Reads only; asked again once the wallets are locked.
SELECT array_agg(wanted.line ORDER BY wanted.line)
FROM (
    SELECT line
    FROM memberships_staged_order
    WHERE batch_id = %(batch)s AND line BETWEEN %(first)s AND %(last)s AND verdict = 'new'
    UNION
    SELECT bought.line
    FROM memberships_staged_order s
    JOIN memberships_staged_order bought ON bought.batch_id = s.batch_id AND bought.line = s.returns_line
    WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'new'
        AND bought.verdict = 'new'
) AS wanted
WHERE NOT EXISTS (
    SELECT FROM operations_importrow done WHERE done.batch_id = %(batch)s AND done.line = wanted.line
)
