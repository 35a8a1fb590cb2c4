-- Take the day from those wallets of a range that are idle by a day and have no posted points which it would end: there is
-- nothing in this that a dry run foresees, and what is posted later is to have a day of its own. They remember their
-- newest entry: what was spent by then is over when it comes back. Returns how many.
-- Updates those wallets. One that another transaction holds is passed over and not waited for, so that the order of locks
-- does not matter: it is the next night's, or gets its day from whoever holds it.
-- May run twice: a wallet that was done has no day any more.
WITH empty AS MATERIALIZED (
    SELECT wallet.id
    FROM memberships_enrolment wallet
    WHERE wallet.idle_on <= %(idle_by)s AND wallet.id BETWEEN %(first)s AND %(last)s
        AND NOT EXISTS (
            SELECT FROM memberships_pointslot lot
            WHERE lot.enrolment_id = wallet.id AND lot.remaining > 0 AND lot.pending_until IS NULL
                AND NOT EXISTS (
                    SELECT FROM memberships_pointsentry gone
                    WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
                )
        )
    FOR NO KEY UPDATE OF wallet SKIP LOCKED
), cleared AS (
    UPDATE memberships_enrolment wallet
    SET idle_on = NULL, idled_after = (
        SELECT max(entry.id) FROM memberships_pointsentry entry WHERE entry.enrolment_id = wallet.id
    )
    FROM empty
    WHERE wallet.id = empty.id AND wallet.id BETWEEN %(first)s AND %(last)s
    RETURNING wallet.id
)
SELECT count(*) FROM cleared
