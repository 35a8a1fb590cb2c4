-- Rows of the batch with the same code at the same partner: identical ones become duplicates of the first, differing ones
-- (another offer, another last day) are all invalid.
-- Touches staging rows of the batch only; a second run finds the same verdicts.
WITH coded AS MATERIALIZED (
    SELECT s.line, s.code_hash, s.offer_id, s.expires_on, s.ending, offer.partner_id
    FROM partners_staged_vouchercode s
    JOIN partners_offer offer ON offer.id = s.offer_id
    WHERE s.batch_id = %(batch)s AND s.verdict IN ('new', 'duplicate') AND s.code_hash IS NOT NULL
), judged AS MATERIALIZED (
    SELECT
        partner_id, code_hash, min(line) AS first_line, (array_agg(line ORDER BY line))[1:10] AS lines,
        count(DISTINCT ROW(offer_id, expires_on)::text) > 1 AS differs
    FROM coded
    GROUP BY partner_id, code_hash
    HAVING count(*) > 1
)
UPDATE partners_staged_vouchercode s
SET verdict = CASE WHEN judged.differs THEN 'invalid' ELSE 'duplicate' END,
    faults = CASE WHEN judged.differs THEN jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', '…' || s.ending, 'code', 'conflicting_rows',
        'expected', array_to_string(array_remove(judged.lines, s.line), ', ')
    )) END
FROM coded
JOIN judged USING (partner_id, code_hash)
WHERE s.batch_id = %(batch)s AND s.line = coded.line AND (judged.differs OR s.line <> judged.first_line)
