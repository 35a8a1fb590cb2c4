-- Judge the new rows of a batch (of those lines; NULL: all) by the customers, lines and invoices there are: what is entered
-- in the same words becomes unchanged, what cannot be entered invalid, such as a number that begins like those that we
-- give ourselves (%(ours)s, a regular expression). Rows of a credit line draw on it in the file's order: those that a
-- rule stops (credit_hindrances, with an amount of nothing) are invalid, and so is one that is more than an order may be
-- or does not fit into the room of its line (credit_room) after those before it.
-- Notes the credit line of each new row, and the first new line of the file that is of the same one.
-- Touches staging rows of the batch only. At its application the lines are locked.
WITH asked AS MATERIALIZED (
    SELECT
        s.line, s.number, s.amount, s.invoiced_on, s.order_number, firm.member_id, held.total,
        CASE held.total WHEN 1 THEN held.line_id END AS line_id
    FROM credit_staged_invoice s
    LEFT JOIN memberships_enterprisecustomer coded ON coded.credit_code = s.customer
    -- A code has letters, or not: it is no number before the digits were looked at.
    LEFT JOIN memberships_member member
        ON member.id = CASE WHEN s.customer ~ '^[0-9]{11,19}$' THEN left(s.customer, -1)::bigint END
    CROSS JOIN LATERAL (SELECT coalesce(coded.member_id, member.id) AS member_id) AS firm
    LEFT JOIN LATERAL (
        SELECT count(*) AS total, min(line.line_id) AS line_id
        FROM credit_lines_in_use() AS line
        WHERE line.member_id = firm.member_id
            AND (s.programme_id IS NULL OR line.programme_id = s.programme_id)
    ) AS held ON true
    WHERE s.batch_id = %(batch)s AND s.verdict = 'new'
        AND (%(lines)s::bigint[] IS NULL OR s.line = ANY (%(lines)s::bigint[]))
),
drawn_on AS MATERIALIZED (
    SELECT line.line_id, stop.codes, room.room, room.most, opened.starts_on
    FROM (SELECT DISTINCT line_id FROM asked WHERE line_id IS NOT NULL) AS line
    CROSS JOIN LATERAL credit_room(line.line_id, %(on)s) AS room
    CROSS JOIN LATERAL (
        SELECT string_agg(code, ', ') AS codes
        FROM credit_hindrances(line.line_id, 0, %(on)s)
        WHERE kind NOT IN ('limit', 'used_share', 'order_amount')
    ) AS stop
    CROSS JOIN LATERAL (
        SELECT min(version.starts_on) AS starts_on FROM credit_lineversion version WHERE version.line_id = line.line_id
    ) AS opened
),
looked_at AS MATERIALIZED (
    SELECT
        asked.line, asked.line_id, asked.amount, drawn_on.codes, drawn_on.room, drawn_on.most, drawn_on.starts_on,
        there.id AS there_id,
        CASE
            WHEN asked.member_id IS NULL THEN 'unknown_customer'
            WHEN (there.member_id, there.amount, there.invoiced_on, there.order_number)
                = (asked.member_id, asked.amount, asked.invoiced_on, coalesce(asked.order_number, '')) THEN 'unchanged'
            WHEN there.id IS NOT NULL THEN 'invoice_known_otherwise'
            WHEN asked.number ~ %(ours)s THEN 'our_number'
            WHEN asked.total = 0 THEN 'no_credit_line'
            WHEN asked.total > 1 THEN 'several_lines'
            WHEN asked.amount = 0 THEN 'nothing_invoiced'
            WHEN asked.invoiced_on > %(on)s THEN 'future_date'
            WHEN asked.invoiced_on < drawn_on.starts_on THEN 'before_line'
            WHEN drawn_on.codes IS NOT NULL THEN 'line_stopped'
            WHEN asked.amount > drawn_on.most THEN 'over_order_amount'
        END AS finding
    FROM asked
    LEFT JOIN drawn_on ON drawn_on.line_id = asked.line_id
    LEFT JOIN credit_invoice there ON there.number = asked.number
),
taken AS (
    SELECT
        line, line_id, room - credit_taken(amount, room) OVER in_order AS room_left,
        credit_taken(amount, room) OVER in_order AS so_far
    FROM looked_at
    WHERE finding IS NULL
    WINDOW in_order AS (PARTITION BY line_id ORDER BY line ROWS UNBOUNDED PRECEDING)
),
fitting AS MATERIALIZED (
    SELECT
        line, room_left,
        so_far > coalesce(lag(so_far) OVER (PARTITION BY line_id ORDER BY line), 0) AS fits
    FROM taken
),
judged AS MATERIALIZED (
    SELECT
        looked_at.*, fitting.room_left,
        CASE WHEN looked_at.finding IS NULL AND NOT fitting.fits THEN 'over_limit' ELSE looked_at.finding END AS code,
        min(looked_at.line) OVER (PARTITION BY looked_at.line_id) AS first_line
    FROM looked_at
    LEFT JOIN fitting USING (line)
)
UPDATE credit_staged_invoice s
SET object_id = judged.there_id,
    credit_line_id = judged.line_id,
    first_line = CASE WHEN %(lines)s::bigint[] IS NULL THEN judged.first_line ELSE s.first_line END,
    verdict = CASE WHEN judged.code = 'unchanged' THEN 'unchanged' WHEN judged.code IS NULL THEN 'new' ELSE 'invalid' END,
    faults = CASE WHEN judged.code <> 'unchanged' THEN jsonb_build_array(jsonb_build_object(
        'column', CASE
            WHEN judged.code IN ('over_limit', 'over_order_amount', 'nothing_invoiced') THEN %(amount_column)s::text
            WHEN judged.code IN ('future_date', 'before_line') THEN %(day_column)s::text
            WHEN judged.code IN ('invoice_known_otherwise', 'our_number') THEN %(number_column)s::text
            ELSE %(customer_column)s::text
        END,
        'value', CASE
            WHEN judged.code IN ('over_limit', 'over_order_amount', 'nothing_invoiced') THEN s.amount::text
            WHEN judged.code IN ('future_date', 'before_line') THEN s.invoiced_on::text
            WHEN judged.code IN ('invoice_known_otherwise', 'our_number') THEN s.number
            ELSE s.customer
        END,
        'code', judged.code,
        'expected', CASE judged.code
            WHEN 'over_limit' THEN greatest(round(judged.room_left, 2), 0.00)::text
            WHEN 'over_order_amount' THEN judged.most::text
            WHEN 'line_stopped' THEN judged.codes WHEN 'future_date' THEN %(on)s::text
            WHEN 'before_line' THEN judged.starts_on::text ELSE ''
        END
    )) END
FROM judged
WHERE s.batch_id = %(batch)s AND s.line = judged.line
