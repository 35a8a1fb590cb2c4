-- Entries whose accounts are not those of their kind (models/entries.py, ACCOUNTS), or of nothing.
SELECT entry.id, entry.member_id, known.debit || ' ' || known.credit, entry.debit || ' ' || entry.credit
FROM credit_creditentry entry
LEFT JOIN (VALUES
    ('authorise', 'authorised', 'commitments'), ('release', 'commitments', 'authorised'),
    ('invoice', 'receivable', 'sales'), ('late_fee', 'receivable', 'fees'), ('credit_note', 'sales', 'receivable'),
    ('receipt', 'cash', 'unapplied'), ('allocate', 'unapplied', 'receivable'),
    ('deallocate', 'receivable', 'unapplied'), ('bounce', 'unapplied', 'cash'), ('unmatch', 'unapplied', 'cash'),
    ('refund', 'unapplied', 'cash'), ('write_off', 'written_off', 'receivable'),
    ('recover', 'receivable', 'written_off')
) known (kind, debit, credit) ON known.kind = entry.kind
WHERE entry.id BETWEEN %(first)s AND %(last)s
    AND ((entry.debit, entry.credit) IS DISTINCT FROM (known.debit, known.credit) OR entry.amount <= 0)
ORDER BY entry.id
