-- Add what a chunk came to (JSON: line, funder, month, amount, unknown) to the sums of its run. In the transaction that
-- closes the chunk, so that each counts once. Locks the run's sums in the order of their key; another chunk of the run
-- that would add to the same waits for this one's end, which is near.
INSERT INTO memberships_profitsum AS so_far (run_id, programme_id, source, month, line, funder, amount, unknown)
SELECT %(run)s, %(programme)s, %(source)s, month, line, funder, sum(amount), sum(unknown)
FROM json_to_recordset(%(amounts)s) AS added (line text, funder text, month date, amount numeric, unknown bigint)
GROUP BY month, line, funder
ORDER BY month, line, funder
ON CONFLICT (run_id, programme_id, month, line, funder) DO UPDATE
SET amount = so_far.amount + excluded.amount, unknown = so_far.unknown + excluded.unknown
