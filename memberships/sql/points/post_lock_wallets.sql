-- Lock the wallets of a range with pending lots whose return window is over before a day, in key order (DESIGN section 4,
-- rule 7); their ids, as the text of an array, which goes back as it came.
-- Their lots are to be read afterwards, by another statement: what was returned while this one waited is known then.
WITH due AS MATERIALIZED (
    SELECT DISTINCT enrolment_id AS id
    FROM memberships_pointslot
    WHERE pending_until < %(on)s AND enrolment_id BETWEEN %(first)s AND %(last)s
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
