-- The late fees of a range of lines that are not what their months cost by what is known now. Looked at are the months
-- whose basis changed since they were charged, by what was entered from a day on:
--
-- * a receipt that was on our account before the month was charged was booked as a payment afterwards, or was taken back
--   by the bank, or turned out to be another's;
-- * a pause was entered afterwards that begins before the month was charged, which takes two people.
--
-- A month is measured by the rule by which it was charged, which its fee keeps.
--
-- back      so much more is claimed of the month than it costs: to be given back
-- again     so much less, as far as it was given back in this way before: charged again. Of a line that is not closed
-- invoices  what each purchase costs now, as in credit_late_fee_costs
--
-- Reads the entries since the day by index, locks nothing. What was corrected is not found again.
CREATE OR REPLACE FUNCTION credit_late_fee_corrections(since date, first_line bigint, last_line bigint)
RETURNS TABLE (
    line_id bigint, member_id bigint, month date, back numeric, again numeric, rule jsonb, invoices jsonb
)
LANGUAGE sql STABLE AS $function$
WITH touched AS MATERIALIZED (
    SELECT entry.line_id, receipt.received_on AS after, entry."on" AS before
    FROM credit_creditentry entry
    JOIN credit_receipt receipt ON receipt.id = entry.receipt_id
    WHERE entry."on" >= since AND entry.kind IN ('allocate', 'deallocate') AND receipt.received_on < entry."on"
        AND (
            entry.kind = 'allocate' OR receipt.state = 'bounced' OR receipt.line_id IS DISTINCT FROM entry.line_id
        )
        AND entry.line_id BETWEEN first_line AND last_line
    UNION
    SELECT pause.line_id, pause.starts_on, (pause.at AT TIME ZONE 'Asia/Shanghai')::date
    FROM credit_overduepause pause
    WHERE (pause.at AT TIME ZONE 'Asia/Shanghai')::date >= since AND pause.line_id BETWEEN first_line AND last_line
),
asked AS MATERIALIZED (
    SELECT DISTINCT touched.line_id, fee.terms -> 'late_fee' ->> 'month' AS month
    FROM touched
    JOIN credit_invoice fee ON fee.line_id = touched.line_id AND fee.kind = 'late_fee'
        AND fee.invoiced_on > touched.after AND fee.invoiced_on <= touched.before
),
charged AS MATERIALIZED (
    SELECT
        asked.line_id, to_date(asked.month, 'YYYY-MM') AS month,
        sum(fee.amount - fee.credited - fee.written_off) AS claimed,
        sum(noted.amount) - coalesce(sum(fee.amount) FILTER (WHERE fee.key LIKE 'late-fee:%:%:%'), 0) AS given_back,
        (array_agg((fee.terms -> 'late_fee') - 'month' - 'invoices' ORDER BY fee.id))[1] AS rule
    FROM asked
    JOIN credit_invoice fee ON fee.line_id = asked.line_id AND fee.kind = 'late_fee'
        AND fee.terms -> 'late_fee' ->> 'month' = asked.month
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(note.amount), 0) AS amount
        FROM credit_creditnote note
        WHERE note.invoice_id = fee.id AND note.key LIKE 'late-fee-back:%'
    ) AS noted
    GROUP BY asked.line_id, asked.month
),
measured AS (
    SELECT charged.*, cost.invoices, charged.claimed - cost.amount AS too_much
    FROM (
        SELECT array_agg(line_id) AS lines, array_agg(month) AS months, array_agg(rule) AS rules FROM charged
    ) AS every
    CROSS JOIN LATERAL credit_late_fee_costs(every.lines, every.months, every.rules) AS cost
    JOIN charged ON charged.line_id = cost.line_id AND charged.month = cost.month
)
SELECT line.id, line.member_id, measured.month, greatest(measured.too_much, 0), again.amount, measured.rule,
    measured.invoices
FROM measured
JOIN credit_creditline line ON line.id = measured.line_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN line.state = 'closed' THEN 0 ELSE greatest(least(-measured.too_much, measured.given_back), 0) END
        AS amount
) AS again
WHERE measured.too_much > 0 OR again.amount > 0
$function$;
