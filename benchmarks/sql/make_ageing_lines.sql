-- What lines owe by their invoices, and what was overdue of it in the night before %(on)s. Triggers have to be off.
UPDATE credit_creditline line
SET open_amount = owed.open, overdue_amount = coalesce(owed.overdue, 0), overdue_since = owed.since,
    overdue_state = CASE WHEN owed.overdue IS NULL THEN 'none' ELSE 'hold' END
FROM (
    SELECT
        line_id, sum(outstanding) AS open, sum(outstanding) FILTER (WHERE due_on < %(on)s::date - 1) AS overdue,
        min(due_on) FILTER (WHERE due_on < %(on)s::date - 1) + 1 AS since
    FROM credit_invoice
    WHERE outstanding > 0
    GROUP BY line_id
) AS owed
WHERE line.id = owed.line_id;
-- The part payments of open invoices.
INSERT INTO credit_creditentry
    (member_id, line_id, key, kind, debit, credit, amount, invoice_id, receipt_id, "on", at, reason)
SELECT member_id, line_id, number, 'allocate', 'unapplied', 'receivable', paid, id, id, least(invoiced_on + 20, %(on)s::date - 1),
    %(at)s, ''
FROM credit_invoice
WHERE outstanding > 0 AND paid > 0
