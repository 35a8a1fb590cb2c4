-- Lock the wallets of a range that a dry run foresaw, in key order (DESIGN section 4, rule 7).
SELECT wallet.id
FROM memberships_enrolment wallet
WHERE wallet.id IN (
    SELECT key
    FROM operations_runitem
    WHERE run_id = %(approved)s AND key BETWEEN %(first)s AND %(last)s AND outcome = 'foreseen'
)
ORDER BY wallet.id
FOR NO KEY UPDATE
