-- What months cost lines in late fees by what is known now: for each month the line, its first day, and the rule.
--
-- A purchase costs, for each day of the month on which it counts as overdue (credit_overdue_days; the first `free_days`
-- cost nothing, paused ones neither), `daily_percent` of what was open of it at the end of that day; in all its months
-- together never more than `cap_percent` of its amount. What a line's purchases cost is rounded once, half up.
-- Only purchases cost something: late fees themselves do not.
--
-- What a receipt paid counts from the day on which it was received, however much later it was booked: paid in time is
-- paid in time. What the bank took back, or turned out to be another's, was never paid. What is taken back otherwise is
-- open again from the day of its entry on.
--
-- invoices   what each purchase costs, as the fee's invoice keeps it: {"number", "days", "fee"}
--
-- From the due day on, day by day: a month of a hundred thousand overdue invoices takes minutes, in chunks. Reads, locks
-- nothing.
CREATE OR REPLACE FUNCTION credit_late_fee_costs(lines bigint[], months date[], rules jsonb[])
RETURNS TABLE (line_id bigint, month date, amount numeric, invoices jsonb)
LANGUAGE sql STABLE AS $function$
WITH line AS MATERIALIZED (
    SELECT asked.id, asked.first, (asked.first + interval '1 month')::date - 1 AS last,
        (asked.rule ->> 'daily_percent')::numeric AS daily,
        coalesce((asked.rule ->> 'free_days')::integer, 0) AS free,
        (asked.rule ->> 'cap_percent')::numeric AS cap
    FROM unnest(lines, months, rules) AS asked (id, first, rule)
),
-- Overdue in the month: open now, or settled since it began.
overdue AS MATERIALIZED (
    SELECT invoice.id, invoice.number, invoice.amount, invoice.invoiced_on, invoice.due_on,
        line.id AS line_id, line.first, line.last, line.daily, line.free, line.cap,
        EXISTS (SELECT FROM credit_overduepause pause WHERE pause.line_id = line.id) AS is_paused
    FROM line
    JOIN credit_invoice invoice ON invoice.line_id = line.id AND invoice.kind = 'purchase'
        AND invoice.due_on + line.free < line.last
    WHERE invoice.outstanding > 0 OR EXISTS (
        SELECT FROM credit_creditentry entry
        WHERE entry.invoice_id = invoice.id AND entry."on" >= line.first AND entry.debit <> 'receivable'
    )
),
dated AS (
    SELECT overdue.*, day::date AS day,
        CASE WHEN is_paused THEN credit_overdue_days(line_id, overdue.id, due_on, day::date)
            ELSE day::date - due_on END AS days
    FROM overdue, generate_series(due_on + 1, last, interval '1 day') AS day
),
counted AS (
    SELECT dated.*, days > coalesce(lag(days) OVER (PARTITION BY id, first ORDER BY day), 0) AS is_counted
    FROM dated
),
cost AS (
    SELECT counted.id, counted.line_id, counted.first, counted.number, counted.amount * counted.cap / 100 AS most,
        count(*) FILTER (WHERE counted.day >= counted.first) AS days,
        sum(was.open) * counted.daily / 100 AS so_far,
        coalesce(sum(was.open) FILTER (WHERE counted.day < counted.first), 0) * counted.daily / 100 AS before
    FROM counted
    CROSS JOIN LATERAL (
        SELECT counted.amount - coalesce(
            sum(CASE entry.debit WHEN 'receivable' THEN -entry.amount ELSE entry.amount END), 0
        ) AS open
        FROM credit_creditentry entry
        LEFT JOIN credit_receipt receipt ON receipt.id = entry.receipt_id
        WHERE entry.invoice_id = counted.id
            AND (receipt.id IS NULL OR receipt.state = 'matched' AND receipt.line_id = counted.line_id)
            -- What was moved from another invoice of the line pays this one from the day of the move on.
            AND CASE
                WHEN entry.kind = 'allocate' AND NOT EXISTS (
                    SELECT FROM credit_creditentry back
                    WHERE back.receipt_id = entry.receipt_id AND back.line_id = entry.line_id
                        AND back.kind = 'deallocate' AND back.id < entry.id
                ) THEN least(entry."on", greatest(receipt.received_on, counted.invoiced_on))
                ELSE entry."on"
            END <= counted.day
            AND entry.kind IN ('credit_note', 'allocate', 'deallocate', 'write_off', 'recover')
    ) AS was
    WHERE counted.is_counted AND counted.days > counted.free AND was.open > 0
    GROUP BY counted.id, counted.line_id, counted.first, counted.number, counted.amount, counted.cap, counted.daily
),
fee AS (
    SELECT cost.line_id, cost.first,
        round(sum(least(cost.so_far, cost.most) - least(cost.before, cost.most)), 2) AS amount,
        jsonb_agg(jsonb_build_object(
            'number', cost.number, 'days', cost.days,
            'fee', trim_scale(least(cost.so_far, cost.most) - least(cost.before, cost.most))::text
        ) ORDER BY cost.number) FILTER (WHERE least(cost.so_far, cost.most) > least(cost.before, cost.most)) AS invoices
    FROM cost
    GROUP BY cost.line_id, cost.first
)
SELECT line.id, line.first, coalesce(fee.amount, 0), coalesce(fee.invoices, '[]')
FROM line
LEFT JOIN fee ON fee.line_id = line.id AND fee.first = line.first
$function$;

-- The late fees of a range of lines that are charged on a business date: those of the month before, where the policy of
-- its last day has a rule and the line was not charged for it yet.
--
-- due_on     by the line's own terms, as `steps` say
-- seen       a fingerprint
--
-- Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_late_fees(business_date date, first_line bigint, last_line bigint)
RETURNS TABLE (
    line_id bigint, member_id bigint, month date, amount numeric, invoices jsonb, rule jsonb, terms jsonb, due_on date,
    steps jsonb, seen bigint
)
LANGUAGE sql STABLE AS $function$
WITH span AS (
    SELECT first, (first + interval '1 month')::date - 1 AS last
    FROM (SELECT (date_trunc('month', business_date) - interval '1 month')::date AS first) AS month
),
line AS MATERIALIZED (
    SELECT line.id, line.member_id, span.first, policy.late_fee AS rule
    FROM span
    JOIN credit_creditpolicy policy
        ON policy.starts_on <= span.last AND (policy.ends_on IS NULL OR policy.ends_on >= span.last)
        AND jsonb_typeof(policy.late_fee) = 'object'
    JOIN credit_creditline line ON line.programme_id = policy.programme_id AND line.state <> 'closed'
    WHERE line.id BETWEEN first_line AND last_line AND NOT EXISTS (
        SELECT FROM credit_invoice fee
        WHERE fee.member_id = line.member_id AND fee.key = 'late-fee:' || line.id || to_char(span.first, ':YYYY-MM')
    )
),
fee AS MATERIALIZED (
    SELECT cost.line_id, cost.amount, cost.invoices
    FROM (SELECT array_agg(id) AS lines, array_agg(first) AS months, array_agg(rule) AS rules FROM line) AS asked
    CROSS JOIN LATERAL credit_late_fee_costs(asked.lines, asked.months, asked.rules) AS cost
    WHERE cost.amount > 0
)
SELECT line.id, line.member_id, line.first, fee.amount, fee.invoices, line.rule, version.terms, due.day, due.steps,
    hashtextextended(concat_ws('|', line.first, fee.amount, fee.invoices), 0)
FROM fee
JOIN line ON line.id = fee.line_id
CROSS JOIN LATERAL (
    SELECT terms
    FROM credit_lineversion version
    WHERE version.line_id = line.id AND version.starts_on <= business_date
    ORDER BY version.starts_on DESC, version.number DESC
    LIMIT 1
) AS version
CROSS JOIN LATERAL credit_due(version.terms, business_date) AS due
WHERE fee.amount > 0
$function$;
