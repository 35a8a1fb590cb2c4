-- Write the new rows of a range of lines: brands that are not known are added, others get the file's names, in the order
-- of their codes; and note of each line that it was. May run twice: a line that was noted is not taken again.
WITH fresh AS MATERIALIZED (
    SELECT s.line, s.code, s.name, s.name_en, s.category
    FROM benefits_staged_brand s
    WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'new'
        AND NOT EXISTS (SELECT FROM operations_importrow done WHERE done.batch_id = %(batch)s AND done.line = s.line)
), written AS (
    INSERT INTO benefits_brand AS brand (code, name, name_en, category)
    SELECT code, name, name_en, coalesce(category, '')
    FROM fresh
    ORDER BY code
    ON CONFLICT (code) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,
        category = CASE WHEN excluded.category = '' THEN brand.category ELSE excluded.category END
    RETURNING id, code
)
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label)
SELECT %(batch)s, fresh.line, 'new', 'applied', written.id, fresh.code
FROM fresh
JOIN written USING (code)
ON CONFLICT (batch_id, line) DO NOTHING
