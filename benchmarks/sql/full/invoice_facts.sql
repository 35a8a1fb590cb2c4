-- The k-th invoice of a line: two are paid, the third is due around now (of fifty, nine are overdue), the fourth later.
CREATE FUNCTION bench.invoice(line bigint, k integer) RETURNS TABLE (amount numeric, due_on date, overdue_state text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT told.amount, told.due_on, CASE
            WHEN k < 3 OR told.due_on >= %(on)s::date THEN 'none' WHEN told.due_on > %(on)s::date - 15 THEN 'reminder'
            WHEN told.due_on > %(on)s::date - 30 THEN 'warning' WHEN told.due_on > %(on)s::date - 60 THEN 'hold'
            ELSE 'collection' END
    FROM (
        SELECT 1000 + bench.pick(line * 8 + k, 44, 9000000) / 100.0 AS amount,
            %(on)s::date + CASE k
                WHEN 1 THEN -120 - bench.pick(line, 42, 60) WHEN 2 THEN -60 - bench.pick(line, 42, 60)
                WHEN 3 THEN CASE WHEN line %% 50 = 0 THEN -70 ELSE -10 + bench.pick(line, 42, 60) END
                ELSE 20 + bench.pick(line, 42, 30) END AS due_on
    ) AS told
$$
