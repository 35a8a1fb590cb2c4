-- What members of a range got of each benefit of a programme within days: (benefit, members, units, saved, cost), by the
-- lines of value statements. Who gave all of it back is none of the members. Reads only.
SELECT benefit_id, count(*) FILTER (WHERE units > 0), sum(units)::bigint, coalesce(sum(saved), 0), coalesce(sum(cost), 0)
FROM (
    SELECT benefit_id, member_id, sum(quantity) AS units, sum(saved) AS saved, sum(cost) AS cost
    FROM benefits_value_lines(%(programme)s, %(first)s, %(last)s, %(first_day)s, %(last_day)s)
    GROUP BY benefit_id, member_id
) AS had
GROUP BY benefit_id
