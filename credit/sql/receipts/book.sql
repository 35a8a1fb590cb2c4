-- Book what came in for lines (`received`) and what these receipts pay of invoices (`paying`, one of a line at the most).
-- The lines are locked. Inserts entries only; the ledger's trigger moves lines, invoices and receipts (sql/ledger).
-- A key ends in how often the same was booked before; of receipts that are `new` nothing was.
-- May run twice: a second time nothing of `paying` is unapplied, and what was received has its key.
INSERT INTO credit_creditentry (
    member_id, line_id, key, kind, debit, credit, amount, receipt_id, invoice_id, "on", at, actor_id, checker_id,
    approval_id, reason
)
SELECT
    receipt.member_id, receipt.line_id,
    'receipt:' || receipt.id || CASE WHEN %(new)s THEN '' ELSE coalesce(':' || nullif((
        SELECT count(*) FROM credit_creditentry earlier WHERE earlier.receipt_id = receipt.id AND earlier.kind = 'receipt'
    ), 0), '') END,
    'receipt', 'cash', 'unapplied', receipt.amount, receipt.id, NULL::bigint, %(on)s::date, %(at)s::timestamptz,
    %(actor)s::bigint, %(checker)s::bigint, %(approval)s::bigint, %(reason)s::text
FROM credit_receipt receipt
WHERE receipt.id = ANY (%(received)s::bigint[])
UNION ALL
SELECT
    paid.member_id, paid.line_id,
    'allocate:' || paid.receipt_id || ':' || paid.invoice_id || CASE WHEN %(new)s THEN '' ELSE coalesce(':' || nullif((
        SELECT count(*) FROM credit_creditentry earlier
        WHERE earlier.receipt_id = paid.receipt_id AND earlier.invoice_id = paid.invoice_id
            AND earlier.kind = 'allocate'
    ), 0), '') END,
    'allocate', 'unapplied', 'receivable', paid.amount, paid.receipt_id, paid.invoice_id, %(on)s::date,
    %(at)s::timestamptz, %(actor)s::bigint, %(checker)s::bigint, %(approval)s::bigint, %(reason)s::text
FROM credit_allocations(%(paying)s::bigint[], %(on)s::date) paid
