-- Take an entry's points out of what the reversal of a spend has given back to its lots: a given lot first, then the
-- earliest expiry, also where that is over. Writes draws that name the reversal, and what remains of the lots.
-- The caller holds the wallet's lock and has seen that the gift has as much left: never run twice.
WITH gift AS (
    SELECT lot.id, lot.member_id, lot.expires_on, -given.points - coalesce((
            SELECT sum(taken.points)
            FROM memberships_lotdraw taken
            WHERE taken.lot_id = lot.id AND taken.paid_after_id = %(reversal)s
        ), 0) AS points
    FROM memberships_lotdraw given
    JOIN memberships_pointslot lot ON lot.id = given.lot_id
    WHERE given.entry_id = %(reversal)s
), line AS (
    SELECT id, member_id, points,
        sum(points) OVER (
            ORDER BY id IS NOT DISTINCT FROM %(first_lot)s DESC, expires_on ASC NULLS LAST, id
        )::bigint - points AS taken_before
    FROM gift
    WHERE points > 0
), drawn AS (
    INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points, paid_after_id)
    SELECT member_id, %(entry)s, id, least(points, %(points)s - taken_before), %(reversal)s
    FROM line
    WHERE taken_before < %(points)s
    RETURNING lot_id, points
)
UPDATE memberships_pointslot lot
SET remaining = lot.remaining - drawn.points
FROM drawn
WHERE lot.id = drawn.lot_id
