-- Rows of the batch with the same code: of identical ones the first stays and the others are duplicates; where they differ,
-- all are invalid. Touches staging rows of the batch only; a second run finds the same verdicts.
WITH told AS MATERIALIZED (
    SELECT line, code, row_number() OVER (PARTITION BY code, name, name_en, category ORDER BY line) AS place
    FROM benefits_staged_brand
    WHERE batch_id = %(batch)s AND verdict = 'new'
), codes AS MATERIALIZED (
    SELECT code, count(*) FILTER (WHERE place = 1) AS ways, string_agg(line::text, ', ' ORDER BY line) AS lines
    FROM told
    GROUP BY code
)
UPDATE benefits_staged_brand s
SET verdict = CASE WHEN codes.ways > 1 THEN 'invalid' ELSE 'duplicate' END,
    faults = CASE WHEN codes.ways > 1 THEN jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', s.code, 'code', 'conflicting_rows', 'expected', codes.lines
    )) END
FROM told
JOIN codes USING (code)
WHERE s.batch_id = %(batch)s AND s.line = told.line AND (codes.ways > 1 OR told.place > 1)
