-- What members of a range got of each benefit of a programme within days: (benefit, members, units, saved, cost), by the
-- lines of value statements. Reads only.
SELECT benefit_id, count(DISTINCT member_id), sum(quantity)::bigint, coalesce(sum(saved), 0), coalesce(sum(cost), 0)
FROM benefits_value_lines(%(programme)s, %(first)s, %(last)s, %(first_day)s, %(last_day)s)
GROUP BY benefit_id
