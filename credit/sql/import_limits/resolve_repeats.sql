-- Rows of the batch about the same member and programme: of identical ones the first stays and the others are
-- duplicates; where they differ, all are invalid, since nothing says which is meant. Touches staging rows of the batch
-- only; a second run finds the same verdicts.
WITH told AS MATERIALIZED (
    SELECT
        line, member_number, programme_id,
        row_number() OVER (
            PARTITION BY member_number, programme_id, wanted_limit, term_days, review_on, reason ORDER BY line
        ) AS place
    FROM credit_staged_limit
    WHERE batch_id = %(batch)s AND verdict = 'new'
),
members AS MATERIALIZED (
    SELECT
        member_number, programme_id, count(*) FILTER (WHERE place = 1) AS ways, string_agg(line::text, ', ' ORDER BY line) AS lines
    FROM told
    GROUP BY member_number, programme_id
)
UPDATE credit_staged_limit s
SET verdict = CASE WHEN members.ways > 1 THEN 'invalid' ELSE 'duplicate' END,
    faults = CASE WHEN members.ways > 1 THEN jsonb_build_array(jsonb_build_object(
        'column', %(member_column)s::text, 'value', s.member_number, 'code', 'conflicting_rows', 'expected', members.lines
    )) END
FROM told
JOIN members ON members.member_number = told.member_number
    AND members.programme_id IS NOT DISTINCT FROM told.programme_id
WHERE s.batch_id = %(batch)s AND s.line = told.line AND (members.ways > 1 OR told.place > 1)
