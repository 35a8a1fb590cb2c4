-- After a statement that wrote entries, one or two hundred thousand: move the sums that rest on them, of lines, invoices
-- and receipts. Nothing else writes those columns, so that they cannot differ from the ledger; what may
-- not be (more paid than owed, more allocated than received) their own checks refuse, and the entries with it.
--
-- What draws on a line (authorised or invoiced, less what was released) may not take it over its limit of that day:
-- refused as the constraint "credit_within_limit". A late fee, a claim, or money that is owed again, is no draw.
--
-- Locks lines, then invoices, then receipts, as one UPDATE each does. Who writes entries of several lines
-- locks the lines in key order before (services/lines.py, lock_lines), so that two of them take turns.
CREATE OR REPLACE FUNCTION credit_book_entries() RETURNS trigger
LANGUAGE plpgsql AS $function$
DECLARE
    over bigint;
BEGIN
    WITH moved AS (
        SELECT
            line_id, max("on") AS day,
            coalesce(sum(amount) FILTER (WHERE debit = 'authorised'), 0)
                - coalesce(sum(amount) FILTER (WHERE credit = 'authorised'), 0) AS authorised,
            coalesce(sum(amount) FILTER (WHERE debit = 'receivable'), 0)
                - coalesce(sum(amount) FILTER (WHERE credit = 'receivable'), 0) AS receivable,
            coalesce(sum(amount) FILTER (WHERE credit = 'unapplied'), 0)
                - coalesce(sum(amount) FILTER (WHERE debit = 'unapplied'), 0) AS unapplied,
            coalesce(sum(amount) FILTER (WHERE kind IN ('authorise', 'invoice')), 0)
                - coalesce(sum(amount) FILTER (WHERE kind = 'release'), 0) AS drawn
        FROM new_entries
        GROUP BY line_id
    ), booked AS (
        UPDATE credit_creditline line
        SET
            authorised_amount = line.authorised_amount + moved.authorised,
            open_amount = line.open_amount + moved.receivable,
            unapplied_amount = line.unapplied_amount + moved.unapplied
        FROM moved
        WHERE line.id = moved.line_id
        RETURNING line.id, moved.drawn, moved.day, line.open_amount + line.authorised_amount AS used
    )
    SELECT id INTO over
    FROM booked
    WHERE drawn > 0 AND used > credit_limit_on(id, day)
    ORDER BY id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'line % would owe more than its limit', over
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_within_limit';
    END IF;

    UPDATE credit_invoice invoice
    SET paid = invoice.paid + moved.paid, credited = invoice.credited + moved.credited,
        written_off = invoice.written_off + moved.written_off
    FROM (
        SELECT
            invoice_id,
            coalesce(sum(CASE kind WHEN 'allocate' THEN amount WHEN 'deallocate' THEN -amount END), 0) AS paid,
            coalesce(sum(amount) FILTER (WHERE kind = 'credit_note'), 0) AS credited,
            coalesce(sum(CASE kind WHEN 'write_off' THEN amount WHEN 'recover' THEN -amount END), 0) AS written_off
        FROM new_entries
        WHERE invoice_id IS NOT NULL AND kind NOT IN ('invoice', 'late_fee', 'reclaim')
        GROUP BY invoice_id
    ) moved
    WHERE invoice.id = moved.invoice_id;

    UPDATE credit_receipt receipt
    SET allocated = receipt.allocated + moved.allocated, refunded = receipt.refunded + moved.refunded
    FROM (
        SELECT
            receipt_id,
            coalesce(sum(CASE kind WHEN 'allocate' THEN amount WHEN 'deallocate' THEN -amount END), 0) AS allocated,
            coalesce(sum(CASE kind WHEN 'refund' THEN amount WHEN 'reclaim' THEN -amount END), 0) AS refunded
        FROM new_entries
        WHERE receipt_id IS NOT NULL AND kind IN ('allocate', 'deallocate', 'refund', 'reclaim')
        GROUP BY receipt_id
    ) moved
    WHERE receipt.id = moved.receipt_id;

    RETURN NULL;
END
$function$;

CREATE OR REPLACE TRIGGER credit_book_entries
AFTER INSERT ON credit_creditentry
REFERENCING NEW TABLE AS new_entries
FOR EACH STATEMENT EXECUTE FUNCTION credit_book_entries();
