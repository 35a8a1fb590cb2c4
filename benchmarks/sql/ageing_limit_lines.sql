-- The other half of the limit: the lines.
UPDATE bench_line line
SET overdue_state = mark.overdue_state, overdue_amount = mark.overdue_amount, overdue_since = mark.overdue_since
FROM bench_line_mark mark
WHERE mark.id = line.id
