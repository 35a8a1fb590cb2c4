-- Name the rows of the range that would now do something else than their preview said: a customer that came
-- into being, went, or was changed meanwhile, or a plan that is not sold any more to whom the row would give it.
-- They are left out. Writes ImportRows of the batch only.
WITH drifted AS MATERIALIZED (
    SELECT
        s.batch_id, s.line, s.verdict, coalesce(now.object_id, s.object_id) AS object_id, s.legal_name,
        coalesce(seen.changes, now.changes) AS changes
    FROM memberships_staged_enterprise_customer s
    LEFT JOIN memberships_compare_customers(%(batch)s, %(first)s, %(last)s, %(on)s) AS now ON now.line = s.line
    LEFT JOIN memberships_plan sold
        ON sold.id = s.plan_id AND sold.on_sale_from <= %(on)s
        AND (sold.on_sale_until IS NULL OR sold.on_sale_until >= %(on)s)
    LEFT JOIN operations_importrow seen
        ON seen.batch_id = %(batch)s AND seen.line BETWEEN %(first)s AND %(last)s AND seen.line = s.line
    WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s
        AND CASE s.verdict
            WHEN 'new' THEN now.object_id IS NOT NULL OR seen.outcome = 'previewed' OR sold.id IS NULL
            WHEN 'unchanged' THEN
                now.object_id IS DISTINCT FROM s.object_id OR now.changes IS NOT NULL OR now.fault_code IS NOT NULL
                OR seen.outcome = 'previewed'
            WHEN 'changed' THEN
                now.object_id IS DISTINCT FROM seen.object_id OR now.fault_code IS NOT NULL
                OR (now.changes, now.before) IS DISTINCT FROM (seen.changes, seen.before)
                OR seen.before ? 'plan_id' AND sold.id IS NULL
            -- Staged again after a crash, it is not what was previewed.
            ELSE seen.outcome = 'previewed'
        END
)
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label, changes)
SELECT batch_id, line, verdict, 'left_out', object_id, left(coalesce(legal_name, ''), 255), changes FROM drifted
ON CONFLICT (batch_id, line) DO UPDATE SET outcome = 'left_out'
