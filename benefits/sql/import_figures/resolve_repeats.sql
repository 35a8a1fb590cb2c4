-- Rows of the batch about the same campaign, day and group: of identical ones the first stays and the others are
-- duplicates; where they differ, all are invalid. Touches staging rows of the batch only; a second run finds the same.
WITH told AS MATERIALIZED (
    SELECT line, campaign_id, reported_on, buyer_group,
        row_number() OVER (
            PARTITION BY campaign_id, reported_on, buyer_group, buyers, orders, amount ORDER BY line
        ) AS place
    FROM benefits_staged_campaignfigure
    WHERE batch_id = %(batch)s AND verdict = 'new'
), figures AS MATERIALIZED (
    SELECT campaign_id, reported_on, buyer_group, count(*) FILTER (WHERE place = 1) AS ways,
        string_agg(line::text, ', ' ORDER BY line) AS lines
    FROM told
    GROUP BY campaign_id, reported_on, buyer_group
)
UPDATE benefits_staged_campaignfigure s
SET verdict = CASE WHEN figures.ways > 1 THEN 'invalid' ELSE 'duplicate' END,
    faults = CASE WHEN figures.ways > 1 THEN jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', s.reported_on, 'code', 'conflicting_rows', 'expected', figures.lines
    )) END
FROM told
JOIN figures USING (campaign_id, reported_on, buyer_group)
WHERE s.batch_id = %(batch)s AND s.line = told.line AND (figures.ways > 1 OR told.place > 1)
