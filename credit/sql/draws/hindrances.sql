-- Every rule that stops a draw of so much on a line on a day, in the order of the policy: the blocking rules of the day's
-- policy (credit/policies.py) and, after them, the limit itself.
--
-- What is over or suspended stops a draw, and nothing is drawn over the limit, whether or not the policy names a rule for
-- it: then its code is its kind. An exclusion of the line takes a rule of the policy away until its last day; the limit,
-- and a line that is closed, it does not.
--
-- kind       of the rule, or "limit"
-- figure     what was found: days, CNY, percent (one decimal, rounded away from the threshold); NULL of states
-- threshold  from which (days) or over which (CNY, percent) it stops; NULL of states
-- detail     of states: suspended, closed, closing, lapsed, or why the card stops (sql/lapses/card_stops.sql)
-- since      of states and of a review: from which day
-- name       {"zh", "en"} of the policy's rule; NULL where it names none
--
-- Asks the invoices themselves what is overdue, not what a night left in the line, and counts every day since the due day:
-- a pause stops reminders, overdue states and late fees, and is no release. Reads by indexes (invoice_open), locks nothing: who draws has
-- locked the line.
CREATE OR REPLACE FUNCTION credit_hindrances(credit_line bigint, drawn numeric, day date)
RETURNS TABLE (
    code text, kind text, figure numeric, threshold numeric, detail text, since date, name jsonb
)
LANGUAGE sql STABLE AS $function$
WITH line AS MATERIALIZED (
    SELECT
        line.id, line.state, line.suspended_on, line.closing_on, line.lapsed_on, line.closed_on,
        line.review_on, line.open_amount + line.authorised_amount - credit_held_over(line.id, day) + drawn AS used,
        credit_limit_on(line.id, day) AS "limit", credit_card_stops(line.id, day) AS card
    FROM credit_creditline line
    WHERE line.id = credit_line
),
overdue AS MATERIALIZED (
    SELECT day - min(invoice.due_on) AS days, coalesce(sum(invoice.outstanding), 0) AS amount
    FROM credit_invoice invoice
    WHERE invoice.line_id = credit_line AND invoice.outstanding > 0 AND invoice.due_on < day
),
state AS MATERIALIZED (
    SELECT 'status' AS kind, 'suspended' AS detail, suspended_on AS since
    FROM line
    WHERE suspended_on <= day
    UNION ALL
    SELECT
        'expired_line',
        CASE
            WHEN state = 'closed' THEN 'closed' WHEN closing_on <= day THEN 'closing' WHEN state = 'lapsed' THEN 'lapsed'
            ELSE card
        END,
        coalesce(closed_on, CASE WHEN closing_on <= day THEN closing_on END, lapsed_on)
    FROM line
    WHERE state <> 'active' OR closing_on <= day OR card IS NOT NULL
),
rule AS MATERIALIZED (
    SELECT * FROM credit_blocking_rules(credit_line, day)
),
measured AS (
    SELECT
        rule.*,
        CASE rule.kind
            WHEN 'overdue_days' THEN overdue.days
            WHEN 'overdue_state' THEN overdue.days
            WHEN 'overdue_amount' THEN overdue.amount
            WHEN 'used_share' THEN ceil(line.used * 1000 / nullif(line."limit", 0)) / 10
            WHEN 'order_amount' THEN round(drawn, 2)
            WHEN 'review_overdue' THEN day - line.review_on
        END AS figure,
        -- Compared exactly; the figure that is shown is rounded.
        CASE rule.kind
            WHEN 'overdue_days' THEN overdue.days >= rule.threshold
            WHEN 'overdue_state' THEN overdue.days >= rule.threshold
            WHEN 'overdue_amount' THEN overdue.amount > rule.threshold
            WHEN 'used_share' THEN line.used * 100 > rule.threshold * line."limit"
            WHEN 'order_amount' THEN drawn > rule.threshold
            WHEN 'review_overdue' THEN line.review_on < day AND day - line.review_on >= rule.threshold
        END AS stops,
        CASE rule.kind WHEN 'review_overdue' THEN line.review_on END AS since
    FROM rule, line, overdue
),
found AS (
    SELECT place, code, kind, figure, threshold, NULL AS detail, since, name
    FROM measured
    WHERE stops AND NOT is_excluded
    UNION ALL
    SELECT coalesce(rule.place, 1000), coalesce(rule.code, state.kind), state.kind, NULL, NULL, state.detail, state.since,
        rule.name
    FROM state
    LEFT JOIN rule ON rule.kind = state.kind
    WHERE rule.is_excluded IS NOT TRUE OR state.detail = 'closed'
    UNION ALL
    SELECT 2000, 'limit', 'limit', line.used, line."limit", NULL, NULL, NULL
    FROM line
    WHERE line.used > line."limit"
)
SELECT code, kind, figure, threshold, detail, since, name
FROM found
ORDER BY place, code
$function$;
