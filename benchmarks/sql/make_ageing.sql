-- Firms with a credit line each, and what they owe: five open invoices of a firm, due at the ends of four months, and as
-- many settled ones of the year before, each with the entry that settled it. Of the open ones some were paid in part. The
-- states of invoices and lines are those of the night before %(on)s. Triggers have to be off; what they would have written
-- is right here. The same parameters on an empty database give the same rows.
WITH firm AS MATERIALIZED (
    SELECT g, nextval('memberships_member_id_seq') AS member_id, nextval('credit_creditline_id_seq') AS line_id
    FROM generate_series(0, %(rows)s / 5 - 1) AS g
),
member AS (
    INSERT INTO memberships_member (id, kind, joined_on)
    SELECT member_id, 'enterprise', %(on)s::date - 800 FROM firm
),
customer AS (
    INSERT INTO memberships_enterprisecustomer
        (member_id, legal_name, credit_code, province, city, industry, size, flags, remarks)
    SELECT
        member_id, '演练商贸' || g || '有限公司', lpad(g::text, 18, '0'), (%(provinces)s::text[])[1 + g * 7 %% 31], '',
        (%(industries)s::text[])[1 + g * 11 %% 20], 'small', '{}', ''
    FROM firm
),
line AS (
    INSERT INTO credit_creditline
        (id, member_id, programme_id, subscription_id, state, opened_on, suspension_reason, open_amount)
    SELECT line_id, member_id, %(programme)s, line_id, 'active', %(on)s::date - 800, '', 0 FROM firm
),
-- Of a hundred, 55 are due at the end of this month, 25 on the day before, 12 and 8 one and two months before that.
open_invoice AS MATERIALIZED (
    SELECT
        n, member_id, line_id, 100 + n %% 90000 / 10.0 AS amount,
        (date_trunc('month', %(on)s::date)
            + CASE WHEN place < 55 THEN 1 WHEN place < 80 THEN 0 WHEN place < 92 THEN -1 ELSE -2 END
                * interval '1 month')::date - 1 AS due_on
    FROM (
        SELECT n, n %% (%(rows)s / 5) AS g, (n %% 100 * 19 + n / (%(rows)s / 5) * 37) %% 100 AS place
        FROM generate_series(0, %(rows)s - 1) AS n
    ) AS numbered
    JOIN firm USING (g)
),
settled_invoice AS MATERIALIZED (
    SELECT
        n, firm.member_id, firm.line_id, 100 + n %% 90000 / 10.0 AS amount,
        %(on)s::date - (n::bigint * 365 / %(rows)s)::integer - 1 AS paid_on
    FROM generate_series(0, %(rows)s - 1) AS n
    JOIN firm ON firm.g = n %% (%(rows)s / 5)
),
invoice AS (
    INSERT INTO credit_invoice
        (member_id, line_id, kind, key, number, order_number, amount, paid, invoiced_on, due_on, terms, overdue_state, at)
    SELECT
        member_id, line_id, 'purchase', 'open:' || n, 'OPEN' || n, '', amount,
        CASE WHEN n %% 20 = 0 THEN 50 ELSE 0 END, due_on - 45, due_on, '{"rule": {"kind": "net_days", "days": 45}}',
        CASE WHEN due_on < %(on)s::date - 16 THEN 'hold' ELSE 'none' END, %(at)s
    FROM open_invoice
    ORDER BY due_on, n
),
settled AS (
    INSERT INTO credit_invoice
        (member_id, line_id, kind, key, number, order_number, amount, paid, invoiced_on, due_on, terms, at)
    SELECT
        member_id, line_id, 'purchase', 'paid:' || n, 'PAID' || n, '', amount, amount, paid_on - 40, paid_on + 5,
        '{"rule": {"kind": "net_days", "days": 45}}', %(at)s
    FROM settled_invoice
    ORDER BY paid_on, n
    RETURNING id, member_id, line_id, number, amount, due_on - 5 AS paid_on
)
INSERT INTO credit_creditentry
    (member_id, line_id, key, kind, debit, credit, amount, invoice_id, receipt_id, "on", at, reason)
SELECT member_id, line_id, number, 'allocate', 'unapplied', 'receivable', amount, id, id, paid_on, %(at)s, ''
FROM settled
