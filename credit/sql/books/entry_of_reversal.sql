-- Entries that reverse something else than they may: an allocation is taken back, of the same receipt and invoice; a
-- write-off, of the same invoice.
SELECT
    entry.id, entry.member_id, CASE entry.kind WHEN 'deallocate' THEN 'allocate' ELSE 'write_off' END,
    coalesce(reversed.kind, '-')
FROM credit_creditentry entry
LEFT JOIN credit_creditentry reversed ON reversed.id = entry.reverses_id
WHERE entry.id BETWEEN %(first)s AND %(last)s AND entry.kind IN ('deallocate', 'recover') AND (
    reversed.id IS NULL
    OR reversed.kind <> CASE entry.kind WHEN 'deallocate' THEN 'allocate' ELSE 'write_off' END
    OR (reversed.line_id, reversed.invoice_id) <> (entry.line_id, entry.invoice_id)
    OR reversed.receipt_id IS DISTINCT FROM entry.receipt_id
)
ORDER BY entry.id
