-- Customers of the ageing of a day, those first who owe most, in all or in a bucket (%(bucket)s), in fen: %(size)s after the
-- one with that amount and key. Of a province, an industry, or of all (NULL).
WITH customer AS (
    SELECT
        customer.*,
        CASE %(bucket)s::integer
            WHEN 0 THEN bucket_0 WHEN 1 THEN bucket_1 WHEN 2 THEN bucket_2 WHEN 3 THEN bucket_3 WHEN 4 THEN bucket_4
            ELSE total
        END AS sorted
    FROM credit_customers_on(%(on)s, %(programme)s) AS customer
    WHERE %(province)s::text IS NULL AND %(industry)s::text IS NULL OR customer.member_id IN (
        SELECT firm.member_id
        FROM memberships_enterprisecustomer firm
        WHERE (%(province)s::text IS NULL OR firm.province = %(province)s)
            AND (%(industry)s::text IS NULL OR firm.industry = %(industry)s)
    )
),
page AS (
    SELECT *
    FROM customer
    WHERE (%(bucket)s::integer IS NULL OR sorted <> 0)
        AND (%(after_fen)s::bigint IS NULL OR sorted < %(after_fen)s
            OR sorted = %(after_fen)s AND member_id > %(after_member)s)
    ORDER BY sorted DESC, member_id
    LIMIT %(size)s
)
SELECT
    page.member_id, coalesce(firm.legal_name, ''), total, bucket_0, bucket_1, bucket_2, bucket_3, bucket_4
FROM page
LEFT JOIN memberships_enterprisecustomer firm ON firm.member_id = page.member_id
ORDER BY sorted DESC, page.member_id
