-- Take an entry's points from one wallet's spendable lots: a given lot first, then the earliest expiry, never-expiring
-- ones last, ties by their number. Writes a draw for each lot and what remains of it.
-- The caller holds the wallet's lock, has seen that enough is spendable, and has just made the entry: never run twice.
WITH line AS (
    SELECT lot.id, lot.member_id, lot.remaining,
        sum(lot.remaining) OVER (
            ORDER BY lot.id IS NOT DISTINCT FROM %(first_lot)s DESC, lot.expires_on ASC NULLS LAST, lot.id
        )::bigint - lot.remaining AS taken_before
    FROM memberships_pointslot lot
    WHERE lot.enrolment_id = %(enrolment)s AND lot.remaining > 0 AND lot.pending_until IS NULL
        AND (lot.expires_on IS NULL OR lot.expires_on > %(on)s)
        AND NOT EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
        )
), drawn AS (
    INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points)
    SELECT member_id, %(entry)s, id, least(remaining, %(points)s - taken_before)
    FROM line
    WHERE taken_before < %(points)s
    RETURNING lot_id, points
)
UPDATE memberships_pointslot lot
SET remaining = lot.remaining - drawn.points
FROM drawn
WHERE lot.id = drawn.lot_id
