-- Give points again that came back to lots which were over, and expired once more: for each such entry a new lot, that
-- holds for some days, and an entry that reinstates it. So the old lot's books are closed, and every point is accounted
-- for: expired, and reinstated.
-- Inserts lots and entries and raises the balance; the caller holds the wallet's lock and has just made the expiries,
-- each of which is reversed once: never run twice.
WITH lost AS MATERIALIZED (
    SELECT entry.*, nextval(pg_get_serial_sequence('memberships_pointslot', 'id')) AS new_lot
    FROM (SELECT * FROM memberships_pointsentry WHERE id = ANY(%(expiries)s::bigint[]) ORDER BY id) AS entry
), lots AS (
    INSERT INTO memberships_pointslot (id, member_id, enrolment_id, points, remaining, earned_on, expires_on)
    SELECT new_lot, member_id, enrolment_id, -points, -points, %(on)s, %(expires_on)s FROM lost
), entries AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, debit, credit, lot_id, reverses_id, "on", at, actor_id, reason)
    SELECT member_id, enrolment_id, 'renew:' || %(reversal)s || ':' || lot_id, 'reinstate', -points, 'breakage',
        'liability', new_lot, id, %(on)s, %(at)s, %(actor)s, %(reason)s
    FROM lost
    RETURNING enrolment_id, points
)
UPDATE memberships_enrolment wallet
SET balance = wallet.balance + given.points
FROM (SELECT enrolment_id, sum(points)::bigint AS points FROM entries GROUP BY enrolment_id) AS given
WHERE wallet.id = given.enrolment_id
