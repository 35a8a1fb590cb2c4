-- Ranges of ids with %(size)s lines each of which late fees are corrected, by what was entered from %(since)s on.
SELECT min(line_id), max(line_id), count(*)
FROM (
    SELECT line_id, (row_number() OVER (ORDER BY line_id) - 1) / %(size)s AS block
    FROM (SELECT DISTINCT line_id FROM credit_late_fee_corrections(%(since)s, %(first)s, %(last)s)) AS found
) AS line
GROUP BY block
ORDER BY block
