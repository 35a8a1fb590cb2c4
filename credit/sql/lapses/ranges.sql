-- Ranges of ids with %(size)s lines each that do not stand as their cards do. Reads only.
SELECT min(line_id), max(line_id), count(*)
FROM (
    SELECT line_id, (row_number() OVER (ORDER BY line_id) - 1) / %(size)s AS block
    FROM credit_lines_to_follow(%(on)s, %(first)s, %(last)s)
) AS due
GROUP BY block
ORDER BY block
