-- What members of a range of ids saved in a programme by a day, term by term, against what they paid for it: a row for
-- each span (spans.sql) that began by then, and for each calendar year with lines that belong to no term. Every line
-- (lines.sql) up to the day is in one row, so that the rows add up to the lines.
--
-- term_until     the term's last day; NULL: a year without a term
-- uses           units got, less those that came back; of them `unpriced` lines are without a reference, and count as 0
-- break_even_on  the day since which what was saved covers the fee, and still does on `day`; NULL: it does not yet
-- Reads only.
CREATE OR REPLACE FUNCTION benefits_value_statements(
    programme bigint, first_member bigint, last_member bigint, day date
)
RETURNS TABLE (
    member_id bigint, starts_on date, ends_on date, term_id bigint, plan_id bigint, term_until date, fee numeric,
    uses bigint, unpriced bigint, reference numeric, paid numeric, saved numeric, cost numeric, break_even_on date
)
LANGUAGE sql STABLE AS $function$
WITH span AS MATERIALIZED (
    SELECT * FROM benefits_value_spans(programme, first_member, last_member) WHERE starts_on <= day
), since AS (
    SELECT member_id, min(starts_on) AS starts_on FROM span GROUP BY member_id
), placed AS (
    SELECT line.member_id, coalesce(span.starts_on, date_trunc('year', line."on")::date) AS starts_on,
        coalesce(
            span.ends_on,
            least((date_trunc('year', line."on") + interval '1 year')::date, since.starts_on) - 1
        ) AS ends_on,
        span.term_id, line."on", line.quantity, line.reference, line.paid, line.saved, line.cost
    FROM benefits_value_lines(programme, first_member, last_member, '0001-01-01', day) AS line
    LEFT JOIN since ON since.member_id = line.member_id
    LEFT JOIN span ON span.member_id = line.member_id AND line."on" BETWEEN span.starts_on AND span.ends_on
), daily AS (
    SELECT member_id, starts_on, ends_on, term_id, "on", sum(quantity) AS uses,
        count(*) FILTER (WHERE reference IS NULL) AS unpriced, sum(coalesce(reference, 0)) AS reference,
        sum(paid) AS paid, sum(coalesce(saved, 0)) AS saved, sum(coalesce(cost, 0)) AS cost
    FROM placed
    GROUP BY member_id, starts_on, ends_on, term_id, "on"
), running AS (
    SELECT daily.*, coalesce(span.fee, 0) AS fee,
        sum(daily.saved) OVER (PARTITION BY daily.member_id, daily.starts_on, daily.term_id ORDER BY daily."on") AS total
    FROM daily
    LEFT JOIN span ON span.term_id = daily.term_id
), judged AS (
    SELECT running.*, max("on") FILTER (WHERE total < fee)
            OVER (PARTITION BY running.member_id, running.starts_on, running.term_id) AS last_below
    FROM running
), added AS (
    SELECT member_id, starts_on, min(ends_on) AS ends_on, term_id, sum(uses) AS uses, sum(unpriced) AS unpriced,
        sum(reference) AS reference, sum(paid) AS paid, sum(saved) AS saved, sum(cost) AS cost,
        min("on") FILTER (WHERE "on" > coalesce(last_below, '-infinity')) AS break_even_on
    FROM judged
    GROUP BY member_id, starts_on, term_id
)
SELECT span.member_id, span.starts_on, span.ends_on, span.term_id, span.plan_id, span.term_until, span.fee,
    coalesce(added.uses, 0)::bigint, coalesce(added.unpriced, 0)::bigint, coalesce(added.reference, 0),
    coalesce(added.paid, 0), coalesce(added.saved, 0), coalesce(added.cost, 0),
    CASE WHEN span.fee <= 0 AND coalesce(added.saved, 0) >= span.fee THEN span.starts_on ELSE added.break_even_on END
FROM span
LEFT JOIN added ON added.term_id = span.term_id
UNION ALL
SELECT added.member_id, added.starts_on, added.ends_on, NULL, NULL, NULL, 0, added.uses::bigint,
    added.unpriced::bigint, added.reference, added.paid, added.saved, added.cost, added.break_even_on
FROM added
WHERE added.term_id IS NULL
$function$;
