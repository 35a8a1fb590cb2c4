-- Write what the business date makes of the lines of a range that are locked (lock_lines.sql): overdue states of invoices,
-- then state, amount and first day of the lines, and a change for each line whose state is another. Of an approved dry
-- run, only lines that are as it saw them. Returns the lines.
--
-- May run twice: what is as it should be is not found.
WITH due AS MATERIALIZED (
    SELECT *
    FROM credit_due_lines(%(on)s, %(first)s, %(last)s) AS due
    WHERE due.line_id = ANY(%(locked)s::bigint[]) AND (%(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = due.line_id AND item.seen = due.seen
    ))
),
marked AS (
    UPDATE credit_invoice invoice
    SET overdue_state = mark.state
    FROM due, unnest(due.invoices, due.states) AS mark(invoice_id, state)
    WHERE invoice.id = mark.invoice_id
),
line AS (
    UPDATE credit_creditline line
    SET overdue_state = due.state, overdue_amount = due.overdue_amount, overdue_since = due.overdue_since
    FROM due
    WHERE line.id = due.line_id AND (line.overdue_state, line.overdue_amount, line.overdue_since)
        IS DISTINCT FROM (due.state, due.overdue_amount, due.overdue_since)
),
change AS (
    INSERT INTO credit_overduechange (member_id, line_id, old, new, overdue_amount, overdue_since, "on", at)
    SELECT member_id, line_id, was, state, overdue_amount, overdue_since, %(on)s, %(at)s
    FROM due
    WHERE state <> was
)
SELECT line_id FROM due
