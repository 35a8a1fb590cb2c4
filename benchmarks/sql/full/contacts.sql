-- Everybody's contact. Names are of a surname and one or two characters: some hundred people share each. Mobiles are all
-- different; of three persons one gave an e-mail address.
INSERT INTO memberships_membercontact (id, member_id, is_primary, name, mobile, email)
SELECT id, id, true,
    substr(%(surnames)s, 1 + bench.pick(id, 1, length(%(surnames)s)), 1)
        || substr(%(given)s, 1 + bench.pick(id, 2, length(%(given)s)), 1)
        || substr(%(given)s, 1 + bench.pick(id, 3, length(%(given)s) * 5 / 4), 1),
    '1' || 3 + bench.pick(id, 4, 7) || lpad((id * 7919 %% 1000000000)::text, 9, '0'),
    CASE WHEN bench.is_firm(id) THEN 'cg' || id || '@example.cn' WHEN id %% 3 = 0 THEN 'm' || id || '@example.com' ELSE '' END
FROM (SELECT generate_series(1, %(total)s::bigint) AS id) AS numbered
