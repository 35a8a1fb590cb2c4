-- One firm in eighty asks for credit.
INSERT INTO memberships_creditrequest (id, member_id, state, "limit", term_days, requested_on)
SELECT row_number() OVER (), bench.firm(n), 'open', (1 + bench.pick(n, 48, 200)) * 10000, 45, %(on)s::date - bench.pick(n, 49, 90)
FROM (SELECT generate_series(1, %(firms)s::bigint) AS n) AS numbered
WHERE bench.pick(n, 45, 80) = 0
