-- Rows of the batch that share a credit code: identical ones become duplicates of the first, differing ones
-- are all invalid. Identical invalid ones stay what they are. What is wrong with a row is compared, too, since its
-- faults hold what was read.
-- Touches staging rows of the batch only; a second run finds the same verdicts.
WITH repeated AS MATERIALIZED (
    SELECT credit_code
    FROM memberships_staged_enterprise_customer
    WHERE batch_id = %(batch)s AND credit_code IS NOT NULL
    GROUP BY credit_code
    HAVING count(*) > 1
),
judged AS MATERIALIZED (
    SELECT
        s.credit_code,
        min(s.line) AS first_line,
        (array_agg(s.line ORDER BY s.line))[1:10] AS lines,
        count(DISTINCT ROW(
            s.legal_name, s.contact_name, s.mobile, s.email, s.province, s.city, s.industry, s.size, s.flags,
            s.plan_id, s.requested_limit, s.requested_term_days, s.external_id, s.remarks, s.clears, s.faults
        )::text) > 1 AS differs
    FROM memberships_staged_enterprise_customer s
    JOIN repeated USING (credit_code)
    WHERE s.batch_id = %(batch)s
    GROUP BY s.credit_code
)
UPDATE memberships_staged_enterprise_customer s
SET verdict = CASE WHEN judged.differs THEN 'invalid' ELSE 'duplicate' END,
    faults = CASE WHEN judged.differs THEN coalesce(s.faults, '[]') || jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', s.credit_code, 'code', 'conflicting_rows',
        'expected', array_to_string(array_remove(judged.lines, s.line), ', ')
    )) END
FROM judged
WHERE s.batch_id = %(batch)s AND s.credit_code = judged.credit_code
    AND (judged.differs OR s.line <> judged.first_line AND s.verdict <> 'invalid')
