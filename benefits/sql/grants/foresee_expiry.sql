-- Note the members of a range of ids some of whose grants ran out before a day, as items of a dry run.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, member_id, member_id, 'run_out', count(*),
    bit_xor(hashtextextended(concat_ws('|', id, valid_until), 0)), 'foreseen'
FROM benefits_grant
WHERE state IN ('live', 'in_grace') AND valid_until < %(on)s AND member_id BETWEEN %(first)s AND %(last)s
GROUP BY member_id
