-- After a statement that wrote entries: each names a line of its member, and an invoice and a receipt of that line, where
-- it names them, both of that member. This is what keys could not say, and they would have asked row by row, at the commit, with a lock on each
-- row named: half of what an import of receipts took. What is named is never deleted, emptied or given another line
-- but for a receipt that is unmatched, whose entries cancel each other (books/credit.py).
--
-- Reads lines, invoices and receipts by their keys, locks nothing.
CREATE OR REPLACE FUNCTION credit_entries_name_their_own() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    IF EXISTS (
        SELECT
        FROM new_entries entry
        LEFT JOIN credit_creditline line ON line.id = entry.line_id AND line.member_id = entry.member_id
        LEFT JOIN credit_invoice invoice
            ON invoice.id = entry.invoice_id AND invoice.line_id = entry.line_id
                AND invoice.member_id = entry.member_id
        LEFT JOIN credit_receipt receipt
            ON receipt.id = entry.receipt_id AND receipt.line_id = entry.line_id
                AND receipt.member_id = entry.member_id
        WHERE line.id IS NULL OR (entry.invoice_id IS NOT NULL AND invoice.id IS NULL)
            OR (entry.receipt_id IS NOT NULL AND receipt.id IS NULL)
    ) THEN
        RAISE EXCEPTION 'an entry names a line of another member, or an invoice or a receipt of another line'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER credit_entries_name_their_own
AFTER INSERT ON credit_creditentry
REFERENCING NEW TABLE AS new_entries
FOR EACH STATEMENT EXECUTE FUNCTION credit_entries_name_their_own();
