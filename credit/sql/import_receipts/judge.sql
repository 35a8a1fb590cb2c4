-- Judge the new rows of a batch by the receipts there are: a number of the bank that is booked stays as it is, one that is
-- booked of another day, amount or payer is invalid, and so is a day that is yet to come. Blanks and capitals make no
-- other payer.
-- Touches staging rows of the batch only, and of those only the ones that are not simply new.
WITH judged AS MATERIALIZED (
    SELECT
        s.line, there.id AS object_id, there.received_on, there.amount, there.payer_name,
        CASE
            WHEN s.received_on > %(on)s THEN 'future_date'
            WHEN there.id IS NULL THEN NULL
            WHEN (there.received_on, there.amount) <> (s.received_on, s.amount) THEN 'receipt_known_otherwise'
            WHEN lower(regexp_replace(there.payer_name, '\s', '', 'g'))
                <> lower(regexp_replace(s.payer_name, '\s', '', 'g')) THEN 'receipt_of_another_payer'
            ELSE 'unchanged'
        END AS finding
    FROM credit_staged_receipt s
    LEFT JOIN credit_receipt there ON there.key = coalesce(s.our_account || ':', '') || s.bank_number
    WHERE s.batch_id = %(batch)s AND s.verdict = 'new' AND (there.id IS NOT NULL OR s.received_on > %(on)s)
)
UPDATE credit_staged_receipt s
SET object_id = judged.object_id,
    verdict = CASE judged.finding WHEN 'unchanged' THEN 'unchanged' ELSE 'invalid' END,
    faults = CASE WHEN judged.finding <> 'unchanged' THEN jsonb_build_array(jsonb_build_object(
        'column', CASE judged.finding
            WHEN 'future_date' THEN %(day_column)s::text WHEN 'receipt_of_another_payer' THEN %(payer_column)s::text
            ELSE %(number_column)s::text
        END,
        'value', CASE judged.finding
            WHEN 'future_date' THEN s.received_on::text WHEN 'receipt_of_another_payer' THEN s.payer_name
            ELSE s.bank_number
        END,
        'code', judged.finding,
        'expected', CASE judged.finding
            WHEN 'future_date' THEN %(on)s::text
            WHEN 'receipt_of_another_payer' THEN s.bank_number || ', ' || judged.payer_name
            ELSE judged.received_on || ', ' || judged.amount
        END
    )) END
FROM judged
WHERE s.batch_id = %(batch)s AND s.line = judged.line
