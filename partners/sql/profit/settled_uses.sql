-- What benefits of members of a range had counted with by use, in months for which their partner's settlement is closed:
-- taken off again, since the settlement counts instead: (line, funder, month, amount, things of unknown amount), amounts
-- below zero. Reads the lines of these months only.
WITH settled AS MATERIALIZED (
    SELECT DISTINCT closed.month, offer.benefit_id
    FROM partners_settlement closed
    JOIN partners_settlementline line ON line.settlement_id = closed.id
    JOIN partners_offer offer ON offer.id = line.offer_id
    JOIN benefits_benefit benefit ON benefit.id = offer.benefit_id AND benefit.programme_id = %(programme)s
    WHERE closed.state = 'closed' AND closed.month BETWEEN %(first_day)s AND %(last_day)s
)
SELECT 'settled_uses', coalesce(nullif(line.funder, ''), 'platform'), month.month, -sum(line.cost), 0
FROM (SELECT DISTINCT month FROM settled) AS month
CROSS JOIN LATERAL benefits_value_lines(
    %(programme)s, %(first)s, %(last)s, month.month,
    least((month.month + interval '1 month')::date - 1, %(last_day)s::date)
) AS line
JOIN settled ON settled.month = month.month AND settled.benefit_id = line.benefit_id
WHERE line.cost <> 0
GROUP BY 2, 3
