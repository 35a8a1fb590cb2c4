-- Entries whose accounts are not those of their kind (models/entries.py, ACCOUNTS), or of nothing.
-- A credit note of a late fee is less income of fees; before that was so, of sales.
SELECT entry.id, entry.member_id, known.debit || ' ' || known.credit, entry.debit || ' ' || entry.credit
FROM credit_creditentry entry
LEFT JOIN (VALUES
    ('authorise', 'authorised', 'commitments'), ('release', 'commitments', 'authorised'),
    ('invoice', 'receivable', 'sales'), ('late_fee', 'receivable', 'fees'), ('credit_note', 'sales', 'receivable'),
    ('receipt', 'cash', 'unapplied'), ('allocate', 'unapplied', 'receivable'),
    ('deallocate', 'receivable', 'unapplied'), ('bounce', 'unapplied', 'cash'), ('unmatch', 'unapplied', 'cash'),
    ('refund', 'unapplied', 'cash'), ('reclaim', 'receivable', 'unapplied'), ('write_off', 'written_off', 'receivable'),
    ('recover', 'receivable', 'written_off')
) known (kind, debit, credit) ON known.kind = entry.kind
WHERE entry.id BETWEEN %(first)s AND %(last)s
    AND ((entry.debit, entry.credit) IS DISTINCT FROM (known.debit, known.credit) OR entry.amount <= 0)
    AND NOT (
        entry.kind = 'credit_note' AND (entry.debit, entry.credit) = ('fees', 'receivable') AND entry.amount > 0
        AND EXISTS (SELECT FROM credit_invoice fee WHERE fee.id = entry.invoice_id AND fee.kind = 'late_fee')
    )
ORDER BY entry.id
