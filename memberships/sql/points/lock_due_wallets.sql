-- Lock the wallets of a range that have lots of these due days, or are idle by a day, in key order (DESIGN section 4,
-- rule 7); their ids, as the text of an array, which goes back as it came.
-- Their lots are to be read afterwards, by another statement: what was spent while this one waited is known then.
WITH due AS MATERIALIZED (
    SELECT enrolment_id AS id
    FROM memberships_pointslot
    WHERE expires_on = ANY(%(days)s::date[]) AND enrolment_id BETWEEN %(first)s AND %(last)s AND remaining > 0
    UNION
    SELECT id
    FROM memberships_enrolment
    WHERE idle_on <= %(idle_by)s AND id BETWEEN %(first)s AND %(last)s
), locked AS (
    SELECT wallet.id
    FROM memberships_enrolment wallet
    JOIN due ON due.id = wallet.id
    -- Said again, so that a range of the table is read and not all of it.
    WHERE wallet.id BETWEEN %(first)s AND %(last)s
    ORDER BY wallet.id
    FOR NO KEY UPDATE OF wallet
)
SELECT coalesce(array_agg(id), '{}')::text FROM locked
