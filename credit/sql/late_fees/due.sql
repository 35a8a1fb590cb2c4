-- The late fees of a range of lines that are charged on a business date: those of the month before, where the policy of
-- its last day has a rule and the line was not charged for it yet.
--
-- A purchase costs, for each day of the month on which it counts as overdue (credit_overdue_days; the first `free_days`
-- cost nothing, paused ones neither), `daily_percent` of what was open of it at the end of that day; in all its months
-- together never more than `cap_percent` of its amount. What a line's purchases cost is rounded once, half up.
-- Late fees themselves cost nothing.
--
-- invoices   what each purchase costs, as the fee's invoice keeps it: {"number", "days", "fee"}
-- due_on     by the line's own terms, as `steps` say
-- seen       a fingerprint
--
-- From the due day on, day by day: a month of a hundred thousand overdue invoices takes minutes, in chunks. Reads, locks
-- nothing.
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
    SELECT line.id, line.member_id, span.first, span.last, policy.late_fee AS rule,
        (policy.late_fee ->> 'daily_percent')::numeric AS daily,
        coalesce((policy.late_fee ->> 'free_days')::integer, 0) AS free,
        (policy.late_fee ->> 'cap_percent')::numeric AS cap
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
-- Overdue in the month: open now, or settled since it began.
overdue AS MATERIALIZED (
    SELECT invoice.id, invoice.number, invoice.amount, invoice.due_on, line.id AS line_id, line.first, line.last,
        line.daily, line.free, line.cap,
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
    SELECT dated.*, days > coalesce(lag(days) OVER (PARTITION BY id ORDER BY day), 0) AS is_counted
    FROM dated
),
cost AS (
    SELECT counted.id, counted.line_id, counted.number, counted.amount * counted.cap / 100 AS most,
        count(*) FILTER (WHERE counted.day >= counted.first) AS days,
        sum(was.open) * counted.daily / 100 AS so_far,
        coalesce(sum(was.open) FILTER (WHERE counted.day < counted.first), 0) * counted.daily / 100 AS before
    FROM counted
    CROSS JOIN LATERAL (
        SELECT counted.amount - coalesce(
            sum(CASE entry.debit WHEN 'receivable' THEN -entry.amount ELSE entry.amount END), 0
        ) AS open
        FROM credit_creditentry entry
        WHERE entry.invoice_id = counted.id AND entry."on" <= counted.day
            AND entry.kind IN ('credit_note', 'allocate', 'deallocate', 'write_off', 'recover')
    ) AS was
    WHERE counted.is_counted AND counted.days > counted.free AND was.open > 0
    GROUP BY counted.id, counted.line_id, counted.number, counted.amount, counted.cap, counted.daily
),
fee AS (
    SELECT cost.line_id,
        round(sum(least(cost.so_far, cost.most) - least(cost.before, cost.most)), 2) AS amount,
        jsonb_agg(jsonb_build_object(
            'number', cost.number, 'days', cost.days,
            'fee', trim_scale(least(cost.so_far, cost.most) - least(cost.before, cost.most))::text
        ) ORDER BY cost.number) FILTER (WHERE least(cost.so_far, cost.most) > least(cost.before, cost.most)) AS invoices
    FROM cost
    GROUP BY cost.line_id
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
