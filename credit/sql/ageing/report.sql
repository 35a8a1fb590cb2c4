-- The ageing of a day (%(on)s): in total, by province and by industry, with how many customers, and the first
-- %(size)s customers, who owe most first. Where a firm is at home, and what it does, is as it is today.
WITH customer AS MATERIALIZED (
    SELECT *
    FROM credit_customers_on(%(on)s, %(programme)s)
),
placed AS MATERIALIZED (
    SELECT customer.*, coalesce(firm.province, '') AS province, coalesce(firm.industry, '') AS industry
    FROM customer
    LEFT JOIN memberships_enterprisecustomer firm ON firm.member_id = customer.member_id
)
SELECT
    CASE WHEN GROUPING(province) = 0 THEN 'province' WHEN GROUPING(industry) = 0 THEN 'industry' ELSE 'total' END,
    NULL::bigint, coalesce(province, industry, ''), count(*),
    sum(total), sum(bucket_0), sum(bucket_1), sum(bucket_2), sum(bucket_3), sum(bucket_4)
FROM placed
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
