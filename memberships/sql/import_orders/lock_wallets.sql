-- Lock the wallets of the lines, in key order (DESIGN section 4, rule 7).
SELECT wallet.id
FROM memberships_enrolment wallet
WHERE wallet.id IN (
    SELECT own.id
    FROM memberships_staged_order s
    JOIN memberships_enrolment own
        ON own.member_id = left(s.member_number, -1)::bigint AND own.programme_id = s.programme_id
        AND own.scope = coalesce(s.scope, '')
    WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s)
)
ORDER BY wallet.id
FOR NO KEY UPDATE
