-- Ranges of ids with %(size)s open payments each about which it is time to ask.
SELECT min(id), max(id), count(*)
FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS block
    FROM memberships_payment
    WHERE state IN ('requested', 'unknown') AND next_ask_at <= %(at)s
) AS due
GROUP BY block
ORDER BY block
