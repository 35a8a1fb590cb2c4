-- Charge the late fees of a range's lines that are locked (lock_lines.sql): an invoice each with its entry, which moves
-- what the line owes. Of an approved dry run, only lines that are as it saw them. Returns the lines.
--
-- May run twice: a line that has the invoice of the month is not found. A number that somebody took before such
-- numbers were ours alone is followed by -2, -3 and so on.
WITH due AS MATERIALIZED (
    SELECT *
    FROM credit_late_fees(%(on)s, %(first)s, %(last)s) AS due
    WHERE due.line_id = ANY(%(locked)s::bigint[]) AND (%(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = due.line_id AND item.seen = due.seen
    ))
),
fee AS (
    INSERT INTO credit_invoice
        (member_id, line_id, kind, key, number, order_number, amount, invoiced_on, due_on, terms, actor_id, at)
    SELECT
        member_id, line_id, 'late_fee', 'late-fee:' || line_id || to_char(month, ':YYYY-MM'),
        free.number, '', amount, %(on)s, due_on,
        jsonb_build_object(
            'rule', terms, 'steps', steps,
            'late_fee', rule || jsonb_build_object('month', to_char(month, 'YYYY-MM'), 'invoices', invoices)
        ),
        %(actor)s, %(at)s
    FROM due
    CROSS JOIN LATERAL (
        SELECT wanted.number
        FROM generate_series(1, 9) AS place
        CROSS JOIN LATERAL (
            SELECT 'LF' || to_char(due.month, 'YYYYMM') || '-' || due.line_id
                || CASE place WHEN 1 THEN '' ELSE '-' || place END AS number
        ) AS wanted
        WHERE NOT EXISTS (SELECT FROM credit_invoice taken WHERE taken.number = wanted.number)
        ORDER BY place
        LIMIT 1
    ) AS free
    ORDER BY line_id
    RETURNING id, member_id, line_id, key, amount
)
INSERT INTO credit_creditentry
    (member_id, line_id, key, kind, debit, credit, amount, invoice_id, "on", at, actor_id, reason)
SELECT member_id, line_id, key, 'late_fee', 'receivable', 'fees', amount, id, %(on)s, %(at)s, %(actor)s, ''
FROM fee
ORDER BY line_id
RETURNING line_id
