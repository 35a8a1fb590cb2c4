-- Write the new rows of a range of lines over what was reported of the same campaign, day and group, in that order;
-- and note of each line that it was. May run twice: a line that was noted is not taken again.
WITH fresh AS MATERIALIZED (
    SELECT s.line, s.campaign_id, s.reported_on::date AS reported_on, s.buyer_group, s.buyers, s.orders, s.amount
    FROM benefits_staged_campaignfigure s
    WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'new'
        AND NOT EXISTS (SELECT FROM operations_importrow done WHERE done.batch_id = %(batch)s AND done.line = s.line)
), written AS (
    INSERT INTO benefits_campaignfigure (campaign_id, "on", "group", buyers, orders, amount)
    SELECT campaign_id, reported_on, buyer_group, buyers, orders, amount
    FROM fresh
    ORDER BY campaign_id, reported_on, buyer_group
    ON CONFLICT (campaign_id, "on", "group") DO UPDATE
        SET buyers = excluded.buyers, orders = excluded.orders, amount = excluded.amount
    RETURNING id, campaign_id, "on" AS reported_on, "group" AS buyer_group
)
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label)
SELECT %(batch)s, fresh.line, 'new', 'applied', written.id, fresh.reported_on::text
FROM fresh
JOIN written USING (campaign_id, reported_on, buyer_group)
ON CONFLICT (batch_id, line) DO NOTHING
