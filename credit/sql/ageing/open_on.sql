-- What was open at the end of a day, today's or a past one: what is open now of invoices of that day or earlier, and what
-- was reduced of such since (and taken back, below nought), in fen. Parts, to be added up: an invoice may have several.
--
-- An invoice counts from its own date on, what reduced it from the ledger's business date on. Read from the indexes
-- invoice_ageing and creditentry_ageing, and the invoices of the latter. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_open_on(day date)
RETURNS TABLE (member_id bigint, line_id bigint, bucket integer, fen bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
SELECT
    invoice.member_id, invoice.line_id, credit_bucket(invoice.due_on, day), (invoice.outstanding * 100)::bigint
FROM credit_invoice invoice
WHERE invoice.outstanding > 0 AND invoice.invoiced_on <= day
UNION ALL
SELECT
    invoice.member_id, invoice.line_id, credit_bucket(invoice.due_on, day),
    (CASE entry.debit WHEN 'receivable' THEN -100 ELSE 100 END * entry.amount)::bigint
FROM credit_creditentry entry
JOIN credit_invoice invoice ON invoice.id = entry.invoice_id AND invoice.invoiced_on <= day
WHERE entry."on" > day AND entry.kind IN ('credit_note', 'allocate', 'deallocate', 'write_off', 'recover')
$function$;
