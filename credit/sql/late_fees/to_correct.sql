-- What is corrected of the range's lines that are locked, by month: (line, month, back, again, rule, invoices). Of an
-- approved dry run, only lines that are as it saw them. Reads only.
WITH found AS (
    SELECT
        line_id, month, back, again, rule, invoices,
        hashtextextended(
            string_agg(concat_ws('|', month, back, again), '|') OVER (
                PARTITION BY line_id ORDER BY month ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ), 0
        ) AS seen
    FROM credit_late_fee_corrections(%(since)s, %(first)s, %(last)s)
    WHERE line_id = ANY(%(locked)s::bigint[])
)
SELECT line_id, month, back, again, rule, invoices
FROM found
WHERE %(approved)s::bigint IS NULL OR EXISTS (
    SELECT FROM operations_runitem item
    WHERE item.run_id = %(approved)s AND item.key = found.line_id AND item.seen = found.seen
)
ORDER BY line_id, month
