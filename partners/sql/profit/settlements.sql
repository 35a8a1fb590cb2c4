-- What closed settlements with partners come to for a programme by month: (line, funder, month, amount, things of unknown
-- amount). A settlement counts for the month that it is about, whenever it was closed.
--
-- settlements    what is owed to partners for units of this programme's benefits, and the programme's share of
--                adjustments: by what its lines come to among those of all programmes, to the fen, so that the shares of
--                all programmes are the adjustments; of a settlement without lines, the first programme of its offers
-- prepaid_used   units drawn from what was paid in advance
-- Borne by whom the benefit names for that month. Not by member. Reads only.
WITH closed AS (
    SELECT id, partner_id, month
    FROM partners_settlement
    WHERE state = 'closed' AND month BETWEEN %(first_day)s AND %(last_day)s
), unit AS (
    SELECT closed.id AS settlement_id, closed.month, benefit.programme_id, benefit.id AS benefit_id,
        line.source = 'prepaid' AS is_prepaid, line.amount
    FROM closed
    JOIN partners_settlementline line ON line.settlement_id = closed.id
    JOIN partners_offer offer ON offer.id = line.offer_id
    JOIN benefits_benefit benefit ON benefit.id = offer.benefit_id
), owner AS (
    SELECT settlement_id, programme_id, sum(amount) FILTER (WHERE NOT is_prepaid) AS amount
    FROM unit
    GROUP BY settlement_id, programme_id
    UNION ALL
    SELECT closed.id, min(benefit.programme_id), NULL
    FROM closed
    JOIN partners_offer offer ON offer.partner_id = closed.partner_id
    JOIN benefits_benefit benefit ON benefit.id = offer.benefit_id
    WHERE NOT EXISTS (SELECT FROM unit WHERE unit.settlement_id = closed.id)
    GROUP BY closed.id
), weighed AS (
    -- Where nothing is owed for units, the first programme bears the adjustments.
    SELECT settlement_id, programme_id,
        CASE WHEN sum(coalesce(amount, 0)) OVER whole = 0
            THEN (row_number() OVER (whole ORDER BY programme_id) = 1)::integer ELSE coalesce(amount, 0) END AS weight
    FROM owner
    WINDOW whole AS (PARTITION BY settlement_id)
), share AS (
    SELECT settlement_id, programme_id, adjusted.amount * (sum(weight) OVER so_far) / (sum(weight) OVER whole) AS through,
        adjusted.amount * (sum(weight) OVER so_far - weight) / (sum(weight) OVER whole) AS before
    FROM weighed
    JOIN LATERAL (
        SELECT sum(entry.amount) AS amount
        FROM partners_settlementadjustment entry
        WHERE entry.settlement_id = weighed.settlement_id
    ) AS adjusted ON adjusted.amount <> 0
    WINDOW whole AS (PARTITION BY settlement_id), so_far AS (PARTITION BY settlement_id ORDER BY programme_id)
)
SELECT CASE WHEN unit.is_prepaid THEN 'prepaid_used' ELSE 'settlements' END, coalesce(worth.funder, 'platform'),
    unit.month, sum(unit.amount), 0
FROM unit
LEFT JOIN benefits_worth(%(programme)s) AS worth ON worth.benefit_id = unit.benefit_id
    AND (unit.month + interval '1 month')::date - 1 BETWEEN worth.starts_on AND worth.ends_on
WHERE unit.programme_id = %(programme)s
GROUP BY 1, 2, 3
UNION ALL
SELECT 'settlements', 'platform', closed.month, sum(round(share.through, 2) - round(share.before, 2)), 0
FROM share
JOIN closed ON closed.id = share.settlement_id
WHERE share.programme_id = %(programme)s
GROUP BY closed.month
