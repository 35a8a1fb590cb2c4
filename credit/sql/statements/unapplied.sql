-- The unapplied credit of a line at the end of a day: what its ledger has booked by then. Reads the line's entries by
-- index, locks nothing.
SELECT coalesce(sum(CASE WHEN credit = 'unapplied' THEN amount ELSE -amount END), 0)
FROM credit_creditentry
WHERE line_id = %(line)s AND "on" <= %(on)s AND 'unapplied' IN (debit, credit)
