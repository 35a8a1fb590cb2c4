-- Take the day of inactivity from the wallets of a programme whose points do not end so any more, from a day on. A day
-- that has come by then stays: what it ended is lost, and the night books it.
-- Locks those wallets in key order (DESIGN section 4, rule 7), and updates them.
-- May run twice: a wallet that was done has no day any more.
WITH locked AS MATERIALIZED (
    SELECT id
    FROM memberships_enrolment
    WHERE programme_id = %(programme)s AND idle_on > %(on)s
    ORDER BY id
    FOR NO KEY UPDATE
)
UPDATE memberships_enrolment wallet
SET idle_on = NULL
FROM locked
WHERE wallet.id = locked.id
