-- Entries of another line or member than the invoice, the receipt or the authorisation that they name, or than the line
-- itself. A receipt that is nobody's any more was once a line's: that one's entries stay.
SELECT
    entry.id, entry.member_id, line.id || ' ' || line.member_id,
    coalesce(invoice.line_id, receipt.line_id, authorisation.line_id, line.id) || ' '
        || coalesce(invoice.member_id, receipt.member_id, authorisation.member_id, entry.member_id)
FROM credit_creditentry entry
LEFT JOIN credit_creditline line ON line.id = entry.line_id
LEFT JOIN credit_invoice invoice ON invoice.id = entry.invoice_id
LEFT JOIN credit_receipt receipt ON receipt.id = entry.receipt_id AND receipt.line_id IS NOT NULL
LEFT JOIN credit_authorisation authorisation ON authorisation.id = entry.authorisation_id
WHERE entry.id BETWEEN %(first)s AND %(last)s AND (
    line.id IS NULL OR line.member_id <> entry.member_id
    OR (invoice.line_id, invoice.member_id) <> (entry.line_id, entry.member_id)
    OR (authorisation.line_id, authorisation.member_id) <> (entry.line_id, entry.member_id)
    OR (entry.invoice_id IS NOT NULL AND invoice.id IS NULL)
)
ORDER BY entry.id
