-- Rows of the batch that mean one and the same customer (one by its credit code, another by its external id)
-- are all invalid. Touches staging rows of the batch only.
WITH meant AS MATERIALIZED (
    SELECT s.line, s.credit_code, coalesce(by_code.member_id, by_id.member_id) AS member_id
    FROM memberships_staged_enterprise_customer s
    LEFT JOIN memberships_enterprisecustomer by_code ON by_code.credit_code = s.credit_code
    JOIN memberships_enterprisecustomer by_id ON by_id.external_id = s.external_id
    WHERE s.batch_id = %(batch)s AND s.verdict NOT IN ('invalid', 'duplicate')
        AND by_code.member_id IS DISTINCT FROM by_id.member_id
),
-- A row that finds its customer by external id alone, and another that finds it by its code.
clashing AS MATERIALIZED (
    SELECT meant.line AS one, other.line AS two
    FROM meant
    JOIN memberships_enterprisecustomer c ON c.member_id = meant.member_id
    JOIN memberships_staged_enterprise_customer other
        ON other.batch_id = %(batch)s AND other.credit_code = c.credit_code AND other.line <> meant.line
        AND other.verdict NOT IN ('invalid', 'duplicate')
),
pairs AS (
    SELECT one AS line, two AS other FROM clashing
    UNION
    SELECT two, one FROM clashing
),
named AS (
    SELECT line, string_agg(other::text, ', ' ORDER BY other) AS others FROM pairs GROUP BY line
)
UPDATE memberships_staged_enterprise_customer s
SET verdict = 'invalid',
    faults = jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', s.credit_code, 'code', 'same_customer_twice', 'expected', named.others
    ))
FROM named
WHERE s.batch_id = %(batch)s AND s.line = named.line
