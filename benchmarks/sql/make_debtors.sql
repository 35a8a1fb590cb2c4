-- So many firms, each with a card, a credit line and five open invoices, due one after the other; invoice k of line n has the number
-- Fn-k and an amount of its own. Triggers have to be off: what lines owe is right here, and there are no entries.
WITH firm AS MATERIALIZED (
    SELECT
        number, nextval('memberships_member_id_seq') AS member_id, nextval('credit_creditline_id_seq') AS line_id
    FROM generate_series(1, %(firms)s) AS number
),
member AS (
    INSERT INTO memberships_member (id, kind, joined_on)
    SELECT member_id, 'enterprise', %(on)s::date - 800 FROM firm
),
customer AS (
    INSERT INTO memberships_enterprisecustomer
        (member_id, legal_name, credit_code, province, city, industry, size, flags, remarks)
    SELECT member_id, '演练商贸' || number || '有限公司', lpad(number::text, 18, '0'), '', '', '', '', '{}', ''
    FROM firm
),
card AS (
    INSERT INTO memberships_subscription (id, member_id, programme_id, plan_id, requested_on)
    SELECT line_id, member_id, %(programme)s, %(plan)s, %(on)s::date - 800 FROM firm
),
line AS (
    INSERT INTO credit_creditline
        (id, member_id, programme_id, subscription_id, state, opened_on, suspension_reason, open_amount)
    SELECT line_id, member_id, %(programme)s, line_id, 'active', %(on)s::date - 800, '', 15000 + 5 * (line_id %% 997)
    FROM firm
)
INSERT INTO credit_invoice (
    member_id, line_id, kind, key, number, order_number, amount, invoiced_on, due_on, terms, at
)
SELECT
    member_id, line_id, 'purchase', 'F' || line_id || '-' || k, 'F' || line_id || '-' || k, '',
    1000 * k + line_id %% 997, %(on)s::date - 40, %(on)s::date - 10 + 5 * k,
    '{"rule": {"kind": "net_days", "days": 45}}', %(at)s
FROM firm
CROSS JOIN generate_series(1, 5) AS k
ORDER BY k, line_id
