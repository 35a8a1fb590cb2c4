-- Expire all posted lots of these wallets where they are idle by a day: an entry for each lot, on the wallet's day (or the
-- lot's own, if that is earlier), and the balances. The wallets have no such day then: the next points give them one.
-- They remember their newest entry: what was spent by then, of whatever lot, is over when it comes back.
-- Returns how many wallets (those without points, too), lots and points.
-- Inserts entries and updates the wallets of the list, which the caller has locked in key order.
-- May run twice: a lot's entry has the lot's key, and a wallet that was done is not idle any more.
WITH idle AS MATERIALIZED (
    SELECT wallet.id, wallet.idle_on, (
            SELECT max(entry.id) FROM memberships_pointsentry entry WHERE entry.enrolment_id = wallet.id
        ) AS newest_entry
    FROM memberships_enrolment wallet
    WHERE wallet.idle_on <= %(idle_by)s AND wallet.id BETWEEN %(first)s AND %(last)s
        AND (wallet.id IN (SELECT unnest(%(wallets)s::bigint[]))) IS TRUE
), expired AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, debit, credit, lot_id, "on", at, actor_id, reason)
    SELECT lot.member_id, lot.enrolment_id, 'expire:' || lot.id, 'expire', -lot.remaining, 'liability', 'breakage',
        lot.id, least(lot.expires_on, idle.idle_on), %(at)s, %(actor)s, ''
    FROM idle
    JOIN memberships_pointslot lot ON lot.enrolment_id = idle.id
    WHERE lot.remaining > 0 AND lot.pending_until IS NULL
    ORDER BY lot.enrolment_id, lot.expires_on, lot.id
    ON CONFLICT (member_id, key) DO NOTHING
    RETURNING enrolment_id, points
), lost AS (
    SELECT enrolment_id, sum(points)::bigint AS points, count(*) AS lots FROM expired GROUP BY enrolment_id
), ended AS (
    UPDATE memberships_enrolment wallet
    SET balance = wallet.balance + coalesce(lost.points, 0), idle_on = NULL, idled_after = idle.newest_entry
    FROM idle
    LEFT JOIN lost ON lost.enrolment_id = idle.id
    WHERE wallet.id = idle.id
    RETURNING lost.lots, lost.points
)
SELECT count(*), coalesce(sum(lots), 0)::bigint, coalesce(-sum(points), 0)::bigint FROM ended
