-- The firms: names of a city, a brand of three characters and a trade; valid credit codes (GB 32100) of the city's region
-- with the firm's number; an external id for six of ten.
INSERT INTO memberships_enterprisecustomer (
    member_id, legal_name, credit_code, external_id, province, city, industry, size, flags, remarks
)
SELECT bench.firm(n),
    left(place.city, -1)
        || substr(%(brand_first)s, 1 + bench.pick(n, 61, length(%(brand_first)s)), 1)
        || substr(%(brand_second)s, 1 + bench.pick(n, 62, length(%(brand_second)s)), 1)
        || substr(%(brand_first)s, 1 + bench.pick(n, 63, length(%(brand_first)s)), 1)
        || trade.name || CASE WHEN firm_size = 'large' THEN '股份' ELSE '' END || '有限公司',
    place.body || lpad(n::text, 7, '0') || substr(
        '0123456789ABCDEFGHJKLMNPQRTUWXY', 1 + (31 - (
            place.total + n / 1000000 %% 10 * place.weights[1] + n / 100000 %% 10 * place.weights[2]
            + n / 10000 %% 10 * place.weights[3] + n / 1000 %% 10 * place.weights[4] + n / 100 %% 10 * place.weights[5]
            + n / 10 %% 10 * place.weights[6] + n %% 10 * place.weights[7]
        )::integer %% 31) %% 31, 1
    ),
    CASE WHEN n %% 10 < 6 THEN 'CRM-' || lpad(n::text, 9, '0') END,
    place.province, place.city, trade.industry, firm_size,
    CASE WHEN n %% 50 = 0 THEN '{specialised}' ELSE '{}' END::varchar[], ''
FROM (
    SELECT n, bench.pick(n, 64, (SELECT count(*) FROM bench.place)::integer) AS place_number,
        bench.pick(n, 65, (SELECT count(*) FROM bench.trade)::integer) AS trade_number,
        (ARRAY['large', 'medium', 'medium', 'medium', 'medium', 'small', 'small', 'small', 'small', 'small', 'small',
            'small', 'small', 'small', 'micro', 'micro', 'micro', 'micro', 'micro', 'micro'])[1 + bench.pick(n, 66, 20)]
            AS firm_size
    FROM (SELECT generate_series(1, %(firms)s::bigint) AS n) AS numbered
) AS firm
JOIN bench.place AS place ON place.number = firm.place_number
JOIN bench.trade AS trade ON trade.number = firm.trade_number
ORDER BY n
