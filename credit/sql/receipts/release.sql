-- Take back all that a receipt pays: of each of its allocations what was not taken back before. Its line is locked.
-- Inserts entries only; the ledger's trigger moves line, invoices and receipt. A second time there is nothing left.
INSERT INTO credit_creditentry (
    member_id, line_id, key, kind, debit, credit, amount, receipt_id, invoice_id, reverses_id, "on", at, actor_id,
    checker_id, approval_id, reason
)
SELECT
    entry.member_id, entry.line_id, 'deallocate:' || entry.id || coalesce(':' || nullif(back.times, 0), ''),
    'deallocate', 'receivable', 'unapplied', entry.amount - back.amount, entry.receipt_id, entry.invoice_id, entry.id,
    %(on)s::date, %(at)s::timestamptz, %(actor)s::bigint, %(checker)s::bigint,
    %(approval)s::bigint, %(reason)s::text
FROM credit_creditentry entry
CROSS JOIN LATERAL (
    SELECT coalesce(sum(reversal.amount), 0) AS amount, count(*) AS times
    FROM credit_creditentry reversal
    WHERE reversal.reverses_id = entry.id
) back
WHERE entry.receipt_id = %(receipt)s AND entry.kind = 'allocate' AND entry.amount > back.amount
ORDER BY entry.id
