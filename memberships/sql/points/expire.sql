-- Expire the lots of these due days in these wallets: an entry for each lot, and the balances. Returns how many
-- wallets, lots and points. The lots stay as they are: their entries say that they are over. Pending lots do not expire.
-- Inserts entries and updates the wallets of the list, which the caller has locked in key order.
-- May run twice: a lot's entry has the lot's key, and what was there before counts no second time.
WITH expired AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, debit, credit, lot_id, "on", at, actor_id, reason)
    SELECT lot.member_id, lot.enrolment_id, 'expire:' || lot.id, 'expire', -lot.remaining, 'liability', 'breakage',
        lot.id, lot.expires_on, %(at)s, %(actor)s, ''
    FROM memberships_pointslot lot
    WHERE lot.expires_on = ANY(%(days)s::date[]) AND lot.enrolment_id BETWEEN %(first)s AND %(last)s
        AND lot.remaining > 0 AND lot.pending_until IS NULL
        -- IS TRUE keeps the planner from a join with an array, of which it makes too small a guess.
        AND (lot.enrolment_id IN (SELECT unnest(%(wallets)s::bigint[]))) IS TRUE
    ORDER BY lot.enrolment_id, lot.expires_on, lot.id
    ON CONFLICT (member_id, key) DO NOTHING
    RETURNING enrolment_id, points
), lost AS (
    SELECT enrolment_id, sum(points)::bigint AS points, count(*) AS lots FROM expired GROUP BY enrolment_id
), debited AS (
    UPDATE memberships_enrolment wallet
    SET balance = wallet.balance + lost.points
    FROM lost
    -- The range is said again, so that it is read and not the whole table.
    WHERE wallet.id = lost.enrolment_id AND wallet.id BETWEEN %(first)s AND %(last)s
    RETURNING lost.lots, lost.points
)
SELECT count(*), coalesce(sum(lots), 0)::bigint, coalesce(-sum(points), 0)::bigint FROM debited
