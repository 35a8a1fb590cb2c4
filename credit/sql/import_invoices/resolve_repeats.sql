-- Rows of the batch that have the same invoice number: identical ones become duplicates of the first, differing ones are
-- all invalid. What is wrong with a row is compared, too, since its faults hold what was read.
-- Touches staging rows of the batch only; a second run finds the same verdicts.
WITH repeated AS MATERIALIZED (
    SELECT number
    FROM credit_staged_invoice
    WHERE batch_id = %(batch)s AND number IS NOT NULL
    GROUP BY number
    HAVING count(*) > 1
),
judged AS MATERIALIZED (
    SELECT
        s.number, min(s.line) AS first_line, (array_agg(s.line ORDER BY s.line))[1:10] AS lines,
        count(DISTINCT ROW(
            s.customer, s.programme_id, s.order_number, s.amount, s.invoiced_on, s.faults
        )::text) > 1 AS differs
    FROM credit_staged_invoice s
    JOIN repeated USING (number)
    WHERE s.batch_id = %(batch)s
    GROUP BY s.number
)
UPDATE credit_staged_invoice s
SET verdict = CASE WHEN judged.differs THEN 'invalid' ELSE 'duplicate' END,
    faults = CASE WHEN judged.differs THEN coalesce(s.faults, '[]') || jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', s.number, 'code', 'conflicting_rows',
        'expected', array_to_string(array_remove(judged.lines, s.line), ', ')
    )) END
FROM judged
WHERE s.batch_id = %(batch)s AND s.number = judged.number
    AND (judged.differs OR s.line <> judged.first_line AND s.verdict <> 'invalid')
