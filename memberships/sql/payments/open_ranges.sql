-- Ranges of ids with %(size)s open payments each about which it is time to ask.
SELECT min(id), max(id), count(*)
FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS block
    FROM memberships_payment
    WHERE state IN ('requested', 'unknown')
    -- Put off further than anything waits: a clock was ahead that dated it.
    AND (next_ask_at <= %(at)s OR next_ask_at > %(at)s::timestamptz + interval '5 minutes')
) AS due
GROUP BY block
ORDER BY block
