-- Move lots whole into other wallets: of each lot an entry that takes what remains of it, with its draw, and an entry and
-- a lot in the other wallet that end on the same day. Both are adjustments of the same day, so that nothing was issued.
-- Returns how many lots were moved.
-- Touches the lots (emptied), the entries, draws and lots it makes, and the wallets' balances; the caller has locked the
-- wallets in key order and seen that the lots can be spent.
-- A wallet that gets points ends by inactivity no earlier than the one they came from.
-- May run twice: a lot that is empty, or whose entry is there, is left alone.
WITH code AS (
    SELECT id FROM memberships_adjustmentreason WHERE code = %(code)s
), moved AS MATERIALIZED (
    SELECT lot.id, lot.member_id, lot.enrolment_id, lot.remaining, lot.earned_on, lot.expires_on,
        target.id AS target_id, target.member_id AS target_member_id, source.idle_on,
        %(key)s || ':out:' || lot.id AS key_out, %(key)s || ':in:' || lot.id AS key_in,
        nextval(pg_get_serial_sequence('memberships_pointslot', 'id')) AS new_lot_id
    FROM unnest(%(lots)s::bigint[], %(targets)s::bigint[]) AS asked (lot_id, target_id)
    JOIN memberships_pointslot lot ON lot.id = asked.lot_id
    JOIN memberships_enrolment source ON source.id = lot.enrolment_id
    JOIN memberships_enrolment target ON target.id = asked.target_id
    WHERE lot.remaining > 0 AND NOT EXISTS (
        SELECT FROM memberships_pointsentry entry
        WHERE entry.member_id = lot.member_id AND entry.key = %(key)s || ':out:' || lot.id
    )
), emptied AS (
    UPDATE memberships_pointslot lot SET remaining = 0 FROM moved WHERE lot.id = moved.id
), taken AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, debit, credit, reason_code_id, "on", at, actor_id, reason)
    SELECT member_id, enrolment_id, key_out, 'adjust', -remaining, 'liability', 'adjustment', code.id, %(on)s, %(at)s,
        %(actor)s, %(reason)s
    FROM moved, code
    RETURNING id, member_id, key
), drawn AS (
    INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points)
    SELECT moved.member_id, taken.id, moved.id, moved.remaining
    FROM taken
    JOIN moved ON moved.member_id = taken.member_id AND moved.key_out = taken.key
), made AS (
    INSERT INTO memberships_pointslot (id, member_id, enrolment_id, points, remaining, earned_on, expires_on)
    SELECT new_lot_id, target_member_id, target_id, remaining, remaining, earned_on, expires_on FROM moved
), given AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, debit, credit, lot_id, reason_code_id, "on", at, actor_id, reason)
    SELECT target_member_id, target_id, key_in, 'adjust', remaining, 'adjustment', 'liability', new_lot_id, code.id,
        %(on)s, %(at)s, %(actor)s, %(reason)s
    FROM moved, code
), balances AS (
    SELECT wallet_id, sum(points)::bigint AS points, max(idle_on) AS idle_on
    FROM (
        SELECT enrolment_id AS wallet_id, -remaining AS points, NULL::date AS idle_on FROM moved
        UNION ALL
        SELECT target_id, remaining, idle_on FROM moved
    ) AS legs
    GROUP BY wallet_id
), booked AS (
    UPDATE memberships_enrolment wallet
    SET balance = wallet.balance + balances.points, idle_on = greatest(wallet.idle_on, balances.idle_on)
    FROM balances
    WHERE wallet.id = balances.wallet_id
)
SELECT count(*) FROM moved
