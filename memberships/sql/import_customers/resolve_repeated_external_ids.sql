-- Rows of the batch that give one external id to different credit codes are all invalid.
-- Touches staging rows of the batch only.
WITH repeated AS MATERIALIZED (
    SELECT external_id, (array_agg(line ORDER BY line))[1:10] AS lines
    FROM memberships_staged_enterprise_customer
    WHERE batch_id = %(batch)s AND external_id IS NOT NULL AND external_id IN (
        SELECT external_id
        FROM memberships_staged_enterprise_customer
        WHERE batch_id = %(batch)s AND external_id IS NOT NULL
        GROUP BY external_id
        HAVING count(*) > 1
    )
    GROUP BY external_id
    HAVING count(DISTINCT credit_code) > 1
)
UPDATE memberships_staged_enterprise_customer s
SET verdict = 'invalid',
    faults = coalesce(s.faults, '[]') || jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', s.external_id, 'code', 'external_id_twice',
        'expected', array_to_string(array_remove(repeated.lines, s.line), ', ')
    ))
FROM repeated
WHERE s.batch_id = %(batch)s AND s.external_id = repeated.external_id
