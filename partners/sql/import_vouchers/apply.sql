-- Add the new codes of a range of lines to their pools, and note of each line what became of it; one that somebody added
-- since the preview is left out.
-- Writes codes and ImportRows; waits for who adds the same code at the same time. May run twice: a line that was noted is
-- not taken again.
WITH fresh AS MATERIALIZED (
    SELECT s.line, s.offer_id, offer.partner_id, s.code, s.code_hash, s.ending, s.expires_on
    FROM partners_staged_vouchercode s
    JOIN partners_offer offer ON offer.id = s.offer_id
    WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'new'
        AND NOT EXISTS (SELECT FROM operations_importrow done WHERE done.batch_id = %(batch)s AND done.line = s.line)
), added AS (
    INSERT INTO partners_vouchercode
        (offer_id, partner_id, code, code_hash, ending, expires_on, batch_id, imported_at, state, void_reason)
    SELECT offer_id, partner_id, code, code_hash, ending, expires_on, %(batch)s, %(at)s, 'available', ''
    FROM fresh
    -- In one order for all, so that two imports of the same codes wait for each other one way.
    ORDER BY partner_id, code_hash
    ON CONFLICT (partner_id, code_hash) DO NOTHING
    RETURNING id, partner_id, code_hash
)
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label)
SELECT %(batch)s, fresh.line, 'new', CASE WHEN added.id IS NULL THEN 'left_out' ELSE 'applied' END, added.id,
    '…' || fresh.ending
FROM fresh
LEFT JOIN added USING (partner_id, code_hash)
ON CONFLICT (batch_id, line) DO NOTHING
