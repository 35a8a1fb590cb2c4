-- Ranges of ids with about so many to be told each. Reads only.
SELECT min(id), max(id), count(*)
FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS block
    FROM {function}(%(on)s, %(days)s, %(first)s, %(last)s)
    WHERE until >= %(today)s
) AS due
GROUP BY block
ORDER BY block
