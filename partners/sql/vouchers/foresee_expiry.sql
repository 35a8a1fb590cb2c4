-- Note the available codes of a range of ids whose last day is over as items of a dry run.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, id, NULL, 'expire', 0, 0, 'foreseen'
FROM partners_vouchercode
WHERE id BETWEEN %(first)s AND %(last)s AND state = 'available' AND expires_on < %(on)s
ON CONFLICT DO NOTHING
