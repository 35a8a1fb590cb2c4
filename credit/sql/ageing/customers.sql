-- Customers of the ageing of a day, those first who owe most, in all or in a bucket (%(bucket)s): %(size)s after the one
-- with that amount and key. Of a province, an industry, or of all (NULL).
SELECT member_id, legal_name, total, bucket_0, bucket_1, bucket_2, bucket_3, bucket_4
FROM (
    SELECT
        customer.*, coalesce(firm.legal_name, '') AS legal_name,
        CASE %(bucket)s::integer
            WHEN 0 THEN bucket_0 WHEN 1 THEN bucket_1 WHEN 2 THEN bucket_2 WHEN 3 THEN bucket_3 WHEN 4 THEN bucket_4
            ELSE total
        END AS sorted
    FROM credit_customers_on(%(on)s, %(programme)s) AS customer
    LEFT JOIN memberships_enterprisecustomer firm ON firm.member_id = customer.member_id
    WHERE (%(province)s::text IS NULL OR coalesce(firm.province, '') = %(province)s)
        AND (%(industry)s::text IS NULL OR coalesce(firm.industry, '') = %(industry)s)
) AS customer
WHERE (%(bucket)s::integer IS NULL OR sorted <> 0)
    AND (%(after_amount)s::numeric IS NULL OR sorted < %(after_amount)s
        OR sorted = %(after_amount)s AND member_id > %(after_member)s)
ORDER BY sorted DESC, member_id
LIMIT %(size)s
