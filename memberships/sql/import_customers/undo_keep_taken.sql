-- Keep, and name, the applied rows of the range whose former credit code or external id another customer has now.
-- No row of the same batch can be in the way and free it: whoever had a value at the check makes the other row that
-- asks for it invalid (two_customers, same_customer_twice), so rows of one batch never exchange values.
-- Writes ImportRows of the batch only. Who takes a value after this look fails the chunk once; the next attempt sees it.
UPDATE operations_importrow r
SET outcome = 'kept'
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND r.verdict = 'changed' AND r.before ?| ARRAY['credit_code', 'external_id']
    AND (
        EXISTS (
            SELECT FROM memberships_enterprisecustomer other
            WHERE other.credit_code = r.before ->> 'credit_code' AND other.member_id <> r.object_id
        )
        OR EXISTS (
            SELECT FROM memberships_enterprisecustomer other
            WHERE other.external_id = r.before ->> 'external_id' AND other.member_id <> r.object_id
        )
    )
