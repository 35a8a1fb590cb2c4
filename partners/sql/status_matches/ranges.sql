-- Ranges of ids with about %(size)s active or requested matches each.
SELECT min(id), max(id), count(*)
FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS block
    FROM partners_statusmatch
    WHERE state IN ('active', 'requested')
) AS active
GROUP BY block
ORDER BY block
