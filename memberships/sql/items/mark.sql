-- Say of the range's items of an approved dry run which were done; the others were left out, since what they rest on has
-- changed. May run twice: what was said once stays.
UPDATE operations_runitem
SET outcome = CASE WHEN key = ANY(%(done)s::bigint[]) THEN 'done' ELSE 'left_out' END
WHERE run_id = %(run)s AND key BETWEEN %(first)s AND %(last)s AND outcome = 'foreseen'
