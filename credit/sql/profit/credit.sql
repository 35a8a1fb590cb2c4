-- What credit of a programme earned and cost by month, of members of a range: (line, funder, month, amount, things of
-- unknown amount).
--
-- late_fees   charged, less credit notes on them
-- write_offs  written off, less what was taken back of it; late fees that are written off are in both lines
-- Months from that of first_day on, through last_day. Reads only.
SELECT told.line, 'platform', date_trunc('month', entry."on")::date, sum(told.amount), 0
FROM credit_creditentry entry
JOIN credit_creditline line ON line.id = entry.line_id AND line.programme_id = %(programme)s
LEFT JOIN credit_invoice invoice ON invoice.id = entry.invoice_id
CROSS JOIN LATERAL (
    SELECT 'late_fees' AS line, CASE entry.kind WHEN 'late_fee' THEN entry.amount ELSE -entry.amount END AS amount
    WHERE entry.kind = 'late_fee' OR entry.kind = 'credit_note' AND invoice.kind = 'late_fee'
    UNION ALL
    SELECT 'write_offs', CASE entry.kind WHEN 'write_off' THEN entry.amount ELSE -entry.amount END
    WHERE entry.kind IN ('write_off', 'recover')
) AS told
WHERE entry.member_id BETWEEN %(first)s AND %(last)s AND entry."on" BETWEEN %(first_day)s AND %(last_day)s
    AND entry.kind IN ('late_fee', 'credit_note', 'write_off', 'recover')
GROUP BY 1, 3
