-- What members of a range got of a programme's benefits, by month and funder: (line, funder, month, amount, things of
-- unknown amount). It adds up the lines of value statements (values/lines.sql), so that both come to the same.
--
-- benefit_cost      what they cost the funder; lines of which nobody said it are counted, and come to 0
-- benefit_paid      what members paid for them
-- points_exchanged  the cost of the points that were spent on what has a cost of its own: it was counted when the points
--                   were issued, and would count twice
-- delivered_value   what members saved: worth elsewhere less paid
-- Months from that of first_day on, through last_day. Reads only.
WITH daily AS MATERIALIZED (
    SELECT line."on", coalesce(nullif(line.funder, ''), 'platform') AS funder, sum(line.cost) AS cost,
        count(*) FILTER (WHERE line.cost IS NULL) AS without_cost, sum(line.paid) AS paid, sum(line.saved) AS saved,
        count(*) FILTER (WHERE line.saved IS NULL) AS without_worth,
        sum(line.points) FILTER (WHERE line.cost IS NOT NULL) AS points
    FROM benefits_value_lines(%(programme)s, %(first)s, %(last)s, %(first_day)s, %(last_day)s) AS line
    GROUP BY 1, 2
)
SELECT told.line, told.funder, date_trunc('month', daily."on")::date, coalesce(sum(told.amount), 0), sum(told.unknown)::bigint
FROM daily
LEFT JOIN memberships_point_costs(%(programme)s) AS price ON daily."on" BETWEEN price.starts_on AND price.ends_on
CROSS JOIN LATERAL (
    VALUES ('benefit_cost', daily.funder, daily.cost, daily.without_cost), ('benefit_paid', 'platform', daily.paid, 0),
        ('points_exchanged', 'platform', daily.points * price.unit_cost, 0),
        ('delivered_value', daily.funder, daily.saved, daily.without_worth)
) AS told (line, funder, amount, unknown)
WHERE told.amount <> 0 OR told.unknown > 0
GROUP BY 1, 2, 3
