-- How many wallets the new rows of a batch would open. Reads only.
SELECT count(*)
FROM (
    SELECT DISTINCT member_number, programme_id, scope
    FROM memberships_staged_order
    WHERE batch_id = %(batch)s AND verdict = 'new' AND opens_wallet
) AS wallets
