-- What members of a range of ids got of a programme within days (lines.sql says what a line is). Reads only.
SELECT
    member_id, benefit_id, "on", reference, paid, saved, cost, funder, source_kind, source_id, quantity, points,
    order_number
FROM benefits_value_lines(%(programme)s, %(first)s, %(last)s, %(first_day)s, %(last_day)s)
ORDER BY member_id, "on", benefit_id, source_kind, source_id
