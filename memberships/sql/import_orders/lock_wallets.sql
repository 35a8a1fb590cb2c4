-- Lock the wallets of the lines, in key order (DESIGN section 4, rule 7). Returns those that owe points, and those whose
-- points inactivity has ended by the business date.
WITH locked AS MATERIALIZED (
    SELECT wallet.id, wallet.debt, wallet.idle_on
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
)
SELECT
    coalesce(array_agg(id) FILTER (WHERE debt > 0), '{}'), coalesce(array_agg(id) FILTER (WHERE idle_on <= %(on)s), '{}')
FROM locked
