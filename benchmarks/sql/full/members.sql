-- Persons and firms, in the order in which they joined, over five and a half years that ended three years ago: before the
-- first day of any card.
INSERT INTO memberships_member (id, kind, joined_on)
SELECT id, CASE WHEN bench.is_firm(id) THEN 'enterprise' ELSE 'person' END,
    %(on)s::date - 1400 - ((%(total)s - id) * 2000 / %(total)s)::integer
FROM (SELECT generate_series(1, %(total)s::bigint) AS id) AS numbered
