-- For each of these receipts that are nobody's: whose they may be, and why, the likeliest first, five lines at most.
-- (receipt, line, score, reasons as [[kind, what], …]). Of a line the best of each kind counts: an invoice that the
-- reference names 100, the payer's account 50 and one more for each of its last ten payments that was the line's, a name
-- that begins alike 10 to 50, an invoice of which exactly as much is open 40.
-- Reads by index only (invoice_number, receipt_by_account, invoice_by_amount, customer_name_prefix), locks nothing.
WITH asked AS MATERIALIZED (
    SELECT id, reference, payer_account, payer_name, amount
    FROM credit_receipt
    WHERE id = ANY (%(receipts)s) AND state = 'unmatched'
),
found AS (
    SELECT asked.id, invoice.line_id, 'reference' AS kind, 100 AS score, invoice.number::text AS what
    FROM asked
    CROSS JOIN LATERAL unnest(credit_reference_tokens(asked.reference)) AS token
    JOIN credit_invoice invoice ON invoice.number = token AND length(token) > 2
    WHERE asked.reference <> ''
    UNION ALL
    SELECT asked.id, latest.line_id, 'account', 50 + latest.times::integer, asked.payer_account
    FROM asked
    CROSS JOIN LATERAL (
        SELECT last_ten.line_id, count(*) AS times
        FROM (
            SELECT receipt.line_id
            FROM credit_receipt receipt
            WHERE receipt.state = 'matched' AND receipt.payer_account <> ''
                AND receipt.payer_account = asked.payer_account
            ORDER BY receipt.id DESC
            LIMIT 10
        ) last_ten
        GROUP BY last_ten.line_id
    ) latest
    WHERE asked.payer_account <> ''
    UNION ALL
    SELECT asked.id, same.line_id, 'amount', 40, same.number
    FROM asked
    CROSS JOIN LATERAL (
        SELECT invoice.line_id, invoice.number
        FROM credit_invoice invoice
        WHERE invoice.outstanding = asked.amount AND invoice.outstanding > 0
        ORDER BY invoice.id
        LIMIT 20
    ) same
    UNION ALL
    SELECT asked.id, used.line_id, 'name', 10 + least(40, 3 * alike.size), alike.legal_name
    FROM asked
    CROSS JOIN LATERAL (
        SELECT customer.member_id, customer.legal_name, prefix.size
        FROM (VALUES (200), (12), (8), (6), (4)) AS prefix (size)
        CROSS JOIN LATERAL (
            SELECT near.member_id, near.legal_name
            FROM memberships_enterprisecustomer near
            WHERE near.legal_name ~>=~ left(asked.payer_name, prefix.size)
                AND near.legal_name ~<~ (left(asked.payer_name, prefix.size) || chr(1114111))
            ORDER BY near.legal_name USING ~<~
            LIMIT 20
        ) customer
        WHERE prefix.size = 200 OR length(asked.payer_name) > prefix.size
    ) alike
    JOIN credit_lines_in_use() AS used ON used.member_id = alike.member_id
),
best AS (
    SELECT
        id, line_id, kind, max(score) AS score, (array_agg(DISTINCT what))[1] AS what
    FROM found
    GROUP BY id, line_id, kind
),
ranked AS (
    SELECT
        id, line_id, sum(score)::integer AS score,
        jsonb_agg(jsonb_build_array(kind, what) ORDER BY score DESC, kind) AS reasons,
        row_number() OVER (PARTITION BY id ORDER BY sum(score) DESC, line_id) AS place
    FROM best
    GROUP BY id, line_id
)
SELECT id, line_id, score, reasons::text
FROM ranked
WHERE place <= 5
ORDER BY id, place
