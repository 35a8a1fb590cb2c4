-- Set the verdict of every row that means a customer there is: invalid, changed or unchanged (the others stay
-- "new"). For a preview, note each changed row with what will change: that is what gets confirmed.
-- Touches staging rows and ImportRows of the batch only; takes no lock on customers.
WITH compared AS MATERIALIZED (
    SELECT * FROM memberships_compare_customers(%(batch)s, 0, 9223372036854775807, %(on)s) WHERE object_id IS NOT NULL
),
noted AS (
    INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label, changes, before)
    SELECT %(batch)s, compared.line, 'changed', 'previewed', compared.object_id, s.legal_name, compared.changes,
        compared.before
    FROM compared
    JOIN memberships_staged_enterprise_customer s ON s.batch_id = %(batch)s AND s.line = compared.line
    WHERE %(is_preview)s AND compared.changes IS NOT NULL AND compared.fault_code IS NULL
)
UPDATE memberships_staged_enterprise_customer s
SET object_id = compared.object_id,
    verdict = CASE
        WHEN compared.fault_code IS NOT NULL THEN 'invalid'
        WHEN compared.changes IS NOT NULL THEN 'changed'
        ELSE 'unchanged'
    END,
    faults = CASE WHEN compared.fault_code IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
        'column', CASE compared.fault_code WHEN 'plan_in_use' THEN %(plan_column)s::text ELSE %(code_column)s::text END,
        'value', CASE compared.fault_code
            WHEN 'plan_in_use' THEN (SELECT code FROM memberships_plan WHERE id = s.plan_id)
            ELSE s.credit_code
        END,
        'code', compared.fault_code, 'expected', compared.fault_expected
    )) END
FROM compared
WHERE s.batch_id = %(batch)s AND s.line = compared.line
