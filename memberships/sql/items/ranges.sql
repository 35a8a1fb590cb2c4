-- Ranges of keys with %(size)s items of a dry run each.
SELECT min(key), max(key), count(*)
FROM (
    SELECT key, (row_number() OVER (ORDER BY key) - 1) / %(size)s AS block FROM operations_runitem WHERE run_id = %(run)s
) AS item
GROUP BY block
ORDER BY block
