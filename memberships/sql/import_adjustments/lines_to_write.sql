-- The new lines of a range, and those elsewhere in the file of the same wallets, that were not written yet: what a
-- file gives a wallet counts for what it takes from it, in whatever range. Reads only.
SELECT array_agg(s.line ORDER BY s.line)
FROM memberships_staged_adjustment s
WHERE s.batch_id = %(batch)s AND s.verdict = 'new' AND s.object_id IN (
        SELECT here.object_id
        FROM memberships_staged_adjustment here
        WHERE here.batch_id = %(batch)s AND here.line BETWEEN %(first)s AND %(last)s AND here.verdict = 'new'
    )
    AND NOT EXISTS (SELECT FROM operations_importrow done WHERE done.batch_id = s.batch_id AND done.line = s.line)
