-- Rows of the batch that share a source and an external id: identical ones become duplicates of the first, differing ones
-- are all invalid. Touches staging rows of the batch only; a second run finds the same verdicts.
WITH repeated AS MATERIALIZED (
    SELECT
        coalesce(source, %(source)s) AS source, external_id, min(line) AS first_line,
        (array_agg(line ORDER BY line))[1:10] AS lines,
        count(DISTINCT ROW(
            name, mobile, email, joined_on, programme_id, scope, opening_points, expires_on, language, faults
        )::text) > 1 AS differs
    FROM memberships_staged_person
    WHERE batch_id = %(batch)s AND external_id IS NOT NULL
    GROUP BY 1, 2
    HAVING count(*) > 1
)
UPDATE memberships_staged_person s
SET verdict = CASE WHEN repeated.differs THEN 'invalid' ELSE 'duplicate' END,
    faults = CASE WHEN repeated.differs THEN coalesce(s.faults, '[]') || jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', s.external_id, 'code', 'conflicting_rows',
        'expected', array_to_string(array_remove(repeated.lines, s.line), ', ')
    )) END
FROM repeated
WHERE s.batch_id = %(batch)s AND s.external_id = repeated.external_id
    AND coalesce(s.source, %(source)s) = repeated.source
    AND (repeated.differs OR s.line <> repeated.first_line AND s.verdict <> 'invalid')
