-- Lock the wallets of a range that have lots of these due days, in key order (DESIGN section 4, rule 7); their ids.
-- Their lots are to be read afterwards, by another statement: what was spent while this one waited is known then.
WITH locked AS (
    SELECT wallet.id
    FROM memberships_enrolment wallet
    WHERE wallet.id IN (
        SELECT lot.enrolment_id
        FROM memberships_pointslot lot
        WHERE lot.expires_on = ANY(%(days)s::date[]) AND lot.enrolment_id BETWEEN %(first)s AND %(last)s
            AND lot.remaining > 0
    )
    ORDER BY wallet.id
    FOR NO KEY UPDATE
)
SELECT coalesce(array_agg(id), '{}') FROM locked
