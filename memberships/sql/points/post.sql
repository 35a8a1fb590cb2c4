-- Post the lots of these wallets whose return window is over before a day: an entry for each lot, on the day after its
-- window, the balances, and the lots, which are pending no more. A lot of which nothing is left is closed without entry.
-- Returns how many wallets (those with closed lots only, too), lots and points; the wallets that owe points; and the days,
-- by then over, on which posted lots expired. A wallet of a programme whose points end by inactivity has a day of its own
-- from now on. The caller has expired wallets whose day has come, and so taken that day from them.
-- Inserts entries, updates lots and the wallets of the list, which the caller has locked in key order.
-- May run twice: a lot that was posted is not pending any more.
WITH due AS MATERIALIZED (
    SELECT lot.id, lot.member_id, lot.enrolment_id, lot.remaining, lot.qualifying, lot.expires_on,
        lot.pending_until + 1 AS posted_on
    FROM memberships_pointslot lot
    WHERE lot.pending_until < %(on)s AND lot.enrolment_id BETWEEN %(first)s AND %(last)s
        -- IS TRUE keeps the planner from a join with an array, of which it makes too small a guess.
        AND (lot.enrolment_id IN (SELECT unnest(%(wallets)s::bigint[]))) IS TRUE
), posted AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, qualifying, debit, credit, lot_id, "on", at, actor_id, reason)
    SELECT member_id, enrolment_id, 'post:' || id, 'post', remaining, qualifying, 'pending', 'liability', id, posted_on,
        %(at)s, %(actor)s, ''
    FROM due
    WHERE remaining > 0 OR qualifying > 0
    ORDER BY enrolment_id, posted_on, id
    RETURNING enrolment_id, points
), closed AS (
    UPDATE memberships_pointslot lot
    SET pending_until = NULL
    FROM due
    WHERE lot.id = due.id
    RETURNING lot.enrolment_id
), gained AS (
    SELECT enrolment_id, sum(points)::bigint AS points, count(*) AS lots FROM posted GROUP BY enrolment_id
), idle AS MATERIALIZED (
    SELECT id AS programme_id, memberships_idle_on(id, %(on)s) AS idle_on FROM memberships_programme
), credited AS (
    UPDATE memberships_enrolment wallet
    SET balance = wallet.balance + gained.points, pending = wallet.pending - gained.points,
        idle_on = coalesce(wallet.idle_on, idle.idle_on)
    FROM gained, idle
    -- The range is said again, so that it is read and not the whole table.
    WHERE wallet.id = gained.enrolment_id AND wallet.id BETWEEN %(first)s AND %(last)s
        AND idle.programme_id = wallet.programme_id
    RETURNING wallet.id, wallet.debt, gained.lots, gained.points
)
SELECT (SELECT count(DISTINCT enrolment_id) FROM closed), coalesce(sum(lots), 0)::bigint,
    coalesce(sum(points), 0)::bigint, coalesce(array_agg(id) FILTER (WHERE debt > 0), '{}'),
    (SELECT array_agg(DISTINCT expires_on) FROM due WHERE expires_on <= %(on)s AND remaining > 0)
FROM credited
