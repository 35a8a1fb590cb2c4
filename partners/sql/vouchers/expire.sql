-- Mark the available codes of a range of ids whose last day is over; of an approved dry run, those that it lists.
-- Locks the codes; one that is being claimed, for a day on which it was good, is passed over. May run twice.
UPDATE partners_vouchercode
SET state = 'expired'
WHERE state = 'available' AND id IN (
    SELECT id
    FROM partners_vouchercode code
    WHERE id BETWEEN %(first)s AND %(last)s AND state = 'available' AND expires_on < %(on)s
        AND (%(approved)s::bigint IS NULL OR EXISTS (
            SELECT FROM operations_runitem item WHERE item.run_id = %(approved)s AND item.key = code.id
        ))
    ORDER BY id
    FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id
