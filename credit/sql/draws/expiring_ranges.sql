-- Ranges of ids with %(size)s lines each of which something held is over on a day. Reads authorisation_to_expire.
SELECT min(line_id), max(line_id), count(*)
FROM (
    SELECT line_id, (row_number() OVER (ORDER BY line_id) - 1) / %(size)s AS block
    FROM (SELECT DISTINCT line_id FROM credit_authorisation WHERE state = 'held' AND expires_on <= %(on)s) AS line
) AS line
GROUP BY block
ORDER BY block
