-- Lock the wallets of the new rows of a range of lines, in key order (DESIGN section 4, rule 7).
SELECT wallet.id
FROM memberships_enrolment wallet
WHERE wallet.id IN (
    SELECT object_id
    FROM memberships_staged_adjustment
    WHERE batch_id = %(batch)s AND line BETWEEN %(first)s AND %(last)s AND verdict = 'new'
)
ORDER BY wallet.id
FOR NO KEY UPDATE
