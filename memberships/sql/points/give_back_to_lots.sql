-- Give what an entry drew back to its lots: a negative draw of the reversal for each, and what remains of the lot.
-- The caller holds the wallet's lock and has just made the reversal, of which there is one only: never run twice.
WITH given AS (
    INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points)
    SELECT member_id, %(reversal)s, lot_id, -points
    FROM memberships_lotdraw
    WHERE entry_id = %(reversed)s
    RETURNING lot_id, points
)
UPDATE memberships_pointslot lot
SET remaining = lot.remaining - given.points
FROM given
WHERE lot.id = given.lot_id
