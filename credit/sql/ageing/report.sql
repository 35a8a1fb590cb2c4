-- The ageing of a day (%(on)s), in fen: in total, by province and by industry, with how many customers, and the first
-- %(size)s customers, who owe most first. Where a firm is at home, and what it does, is as it is today.
WITH customer AS MATERIALIZED (
    SELECT *
    FROM credit_customers_on(%(on)s, %(programme)s)
),
-- A full join is always hashed: how many customers there are the planner cannot know.
placed AS (
    SELECT customer.*, coalesce(firm.province, '') AS province, coalesce(firm.industry, '') AS industry
    FROM customer
    FULL JOIN memberships_enterprisecustomer firm ON firm.member_id = customer.member_id
    WHERE coalesce(customer.total, 0) <> 0
),
-- Both at once first: what is added up thrice is little then.
cell AS MATERIALIZED (
    SELECT
        province, industry, count(*) AS customers, credit_sum_fen(total) AS total,
        credit_sum_fen(bucket_0) AS bucket_0, credit_sum_fen(bucket_1) AS bucket_1,
        credit_sum_fen(bucket_2) AS bucket_2, credit_sum_fen(bucket_3) AS bucket_3,
        credit_sum_fen(bucket_4) AS bucket_4
    FROM placed
    GROUP BY province, industry
)
SELECT
    CASE WHEN GROUPING(province) = 0 THEN 'province' WHEN GROUPING(industry) = 0 THEN 'industry' ELSE 'total' END,
    NULL::bigint, coalesce(province, industry, ''), coalesce(sum(customers), 0)::bigint, credit_sum_fen(total),
    credit_sum_fen(bucket_0), credit_sum_fen(bucket_1), credit_sum_fen(bucket_2), credit_sum_fen(bucket_3),
    credit_sum_fen(bucket_4)
FROM cell
GROUP BY GROUPING SETS ((province), (industry), ())
UNION ALL
(
    SELECT
        'customer', top.member_id, coalesce(firm.legal_name, ''), 1, total, bucket_0, bucket_1, bucket_2, bucket_3,
        bucket_4
    FROM (SELECT * FROM customer ORDER BY total DESC, member_id LIMIT %(size)s) AS top
    LEFT JOIN memberships_enterprisecustomer firm ON firm.member_id = top.member_id
)
ORDER BY 1, 5 DESC, 2, 3
