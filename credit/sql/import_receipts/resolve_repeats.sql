-- Rows of the batch that have the same number of the bank: identical ones become duplicates of the first, differing ones
-- are all invalid. What is wrong with a row is compared, too, since its faults hold what was read.
-- Touches staging rows of the batch only; a second run finds the same verdicts.
WITH repeated AS MATERIALIZED (
    SELECT bank_number, coalesce(our_account, '') AS our_account
    FROM credit_staged_receipt
    WHERE batch_id = %(batch)s AND bank_number IS NOT NULL
    GROUP BY 1, 2
    HAVING count(*) > 1
),
judged AS MATERIALIZED (
    SELECT
        repeated.bank_number, repeated.our_account, min(s.line) AS first_line,
        (array_agg(s.line ORDER BY s.line))[1:10] AS lines,
        count(DISTINCT ROW(
            s.received_on, s.payer_name, s.payer_account, s.amount, s.reference, s.faults
        )::text) > 1 AS differs
    FROM credit_staged_receipt s
    JOIN repeated ON repeated.bank_number = s.bank_number AND repeated.our_account = coalesce(s.our_account, '')
    WHERE s.batch_id = %(batch)s
    GROUP BY 1, 2
)
UPDATE credit_staged_receipt s
SET verdict = CASE WHEN judged.differs THEN 'invalid' ELSE 'duplicate' END,
    faults = CASE WHEN judged.differs THEN coalesce(s.faults, '[]') || jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', s.bank_number, 'code', 'conflicting_rows',
        'expected', array_to_string(array_remove(judged.lines, s.line), ', ')
    )) END
FROM judged
WHERE s.batch_id = %(batch)s AND s.bank_number = judged.bank_number
    AND coalesce(s.our_account, '') = judged.our_account
    AND (judged.differs OR s.line <> judged.first_line AND s.verdict <> 'invalid')
