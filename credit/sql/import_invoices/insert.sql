-- Enter the invoices of these lines of the file that are new still, each with its entry, which moves what its line owes:
-- due by the terms in force on its own day, as it keeps. A number that somebody else entered in this moment stays theirs.
-- The credit lines are locked. May run twice: a number is entered once.
WITH made AS (
    INSERT INTO credit_invoice (
        member_id, line_id, batch_id, kind, key, number, order_number, amount, invoiced_on, due_on, terms, actor_id, at
    )
    SELECT
        line.member_id, line.id, s.batch_id, 'purchase', 'number:' || s.number, s.number, coalesce(s.order_number, ''),
        s.amount, s.invoiced_on, due.day, jsonb_build_object('rule', version.terms, 'steps', due.steps), %(actor)s,
        %(at)s
    FROM credit_staged_invoice s
    JOIN credit_creditline line ON line.id = s.credit_line_id
    CROSS JOIN LATERAL (
        SELECT version.terms
        FROM credit_lineversion version
        WHERE version.line_id = line.id AND version.starts_on <= s.invoiced_on
        ORDER BY version.starts_on DESC, version.number DESC
        LIMIT 1
    ) AS version
    CROSS JOIN LATERAL credit_due(version.terms, s.invoiced_on) AS due
    WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s) AND s.verdict = 'new'
    ORDER BY s.line
    ON CONFLICT (number) DO NOTHING
    RETURNING id, member_id, line_id, amount
)
INSERT INTO credit_creditentry
    (member_id, line_id, key, kind, debit, credit, amount, invoice_id, "on", at, actor_id, reason)
SELECT member_id, line_id, 'invoice:' || id, 'invoice', 'receivable', 'sales', amount, id, %(on)s, %(at)s, %(actor)s, ''
FROM made
ORDER BY id
