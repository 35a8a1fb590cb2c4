-- Ranges of wallets with %(size)s items of a dry run each; an item's key is %(width)s times the ladder's, plus the
-- wallet's. Returns group, first and last wallet, and how many items there are. Reads only.
SELECT ladder, min(wallet), max(wallet), count(*)
FROM (
    SELECT key / %(width)s AS ladder, key %% %(width)s AS wallet,
        (row_number() OVER (PARTITION BY key / %(width)s ORDER BY key) - 1) / %(size)s AS block
    FROM operations_runitem
    WHERE run_id = %(run)s
) AS item
GROUP BY ladder, block
ORDER BY ladder, block
