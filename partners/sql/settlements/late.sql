-- What our own records have of closed months by now, and was not settled: by month (the %(months)s before %(month)s) and
-- offer, the units settled or taken over since, the units there are, and the unit cost that was settled. More came late;
-- fewer were taken back. Months settled by the partner's statement are left out: there the partner bills what was late.
-- What was taken over stands in the keys of adjustments (services/late_entries.py): the newest says up to which number.
-- Reads only.
WITH closed AS MATERIALIZED (
    SELECT id, month
    FROM partners_settlement
    WHERE partner_id = %(partner)s AND state = 'closed' AND statement_id IS NULL
        AND month < %(month)s AND month >= %(month)s::date - make_interval(months => %(months)s)
), known AS (
    SELECT closed.month, billed.offer_id, min(billed.unit_cost) AS unit_cost, sum(billed.units) AS units
    FROM closed
    CROSS JOIN LATERAL partners_billed(%(partner)s, closed.month) AS billed
    WHERE billed.amount > 0 AND NOT billed.is_prepaid
    GROUP BY closed.month, billed.offer_id
), settled AS (
    SELECT closed.month, line.offer_id, min(line.unit_cost) AS unit_cost, sum(line.units) AS units
    FROM closed
    JOIN partners_settlementline line ON line.settlement_id = closed.id AND line.source = 'own'
    GROUP BY closed.month, line.offer_id
), taken AS (
    SELECT DISTINCT ON (found[1], found[2])
        (found[1] || '-01')::date AS month, found[2]::bigint AS offer_id, found[3]::bigint AS units
    FROM partners_settlementadjustment entry
    JOIN partners_settlement settlement ON settlement.id = entry.settlement_id
    CROSS JOIN LATERAL regexp_match(entry.key, '^late:(\d{4}-\d\d):(\d+):\d+-(\d+)$') AS found
    WHERE settlement.partner_id = %(partner)s AND found IS NOT NULL
    ORDER BY found[1], found[2], entry.id DESC
), compared AS (
    SELECT
        month, offer_id, coalesce(settled.unit_cost, known.unit_cost) AS unit_cost,
        coalesce(taken.units, settled.units, 0)::bigint AS before, coalesce(known.units, 0)::bigint AS now
    FROM known
    FULL JOIN settled USING (month, offer_id)
    LEFT JOIN taken USING (month, offer_id)
)
SELECT compared.month, compared.offer_id, offer.sku, compared.unit_cost, compared.before, compared.now
FROM compared
JOIN partners_offer offer ON offer.id = compared.offer_id
WHERE compared.before <> compared.now
ORDER BY compared.month, compared.offer_id
