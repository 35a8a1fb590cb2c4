-- Say of the new rows of a batch whose payments they are (sql/receipts/owners.sql), and of each which line of the file is
-- the first of the same credit line: whoever applies that one applies them all, in their order.
-- Touches staging rows of the batch only; a second run says the same.
WITH asked AS MATERIALIZED (
    SELECT
        array_agg(line ORDER BY line) AS keys, array_agg(coalesce(reference, '') ORDER BY line) AS refs,
        array_agg(coalesce(payer_account, '') ORDER BY line) AS accounts, array_agg(payer_name ORDER BY line) AS names
    FROM credit_staged_receipt
    WHERE batch_id = %(batch)s AND verdict = 'new'
),
found AS MATERIALIZED (
    SELECT
        owner.key, owner.line_id, owner.member_id, owner.rule,
        min(owner.key) OVER (PARTITION BY owner.line_id) AS first_line
    FROM asked
    CROSS JOIN LATERAL credit_owners(asked.keys, asked.refs, asked.accounts, asked.names, %(on)s::date) owner
    WHERE asked.keys IS NOT NULL
)
UPDATE credit_staged_receipt s
SET credit_line_id = found.line_id, member_id = found.member_id, rule = found.rule, first_line = found.first_line
FROM found
WHERE s.batch_id = %(batch)s AND s.line = found.key
