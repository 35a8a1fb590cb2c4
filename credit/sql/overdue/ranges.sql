-- Ranges of ids with %(size)s lines each on which something is open, or which were overdue when last looked at.
SELECT min(id), max(id), count(*)
FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS block
    FROM credit_creditline
    WHERE open_amount > 0 OR overdue_amount > 0 OR overdue_state <> 'none'
) AS line
GROUP BY block
ORDER BY block
