-- Give what an entry drew back to its lots: a negative draw of the reversal for each, and what remains of the lot. A
-- wallet that had nothing left to be ended by inactivity has a day of its own again.
-- The caller holds the wallet's lock and has just made the reversal, of which there is one only: never run twice.
WITH given AS (
    INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points)
    SELECT member_id, %(reversal)s, lot_id, -points
    FROM memberships_lotdraw
    WHERE entry_id = %(reversed)s
    RETURNING lot_id, points
), woken AS (
    UPDATE memberships_enrolment wallet
    SET idle_on = memberships_idle_on(wallet.programme_id, %(on)s)
    FROM memberships_pointsentry reversal
    WHERE reversal.id = %(reversal)s AND wallet.id = reversal.enrolment_id AND wallet.idle_on IS NULL
)
UPDATE memberships_pointslot lot
SET remaining = lot.remaining - given.points
FROM given
WHERE lot.id = given.lot_id
