-- Reversals of another wallet's entry or of one that cannot be reversed so (overdrawn_reversal.sql: what the database
-- refuses, too), and of a spend to other lots than it took from.
SELECT
    entry.id, entry.member_id, reversed.kind || ' ' || reversed.points AS expected,
    entry.kind || ' ' || entry.points AS found
FROM memberships_pointsentry entry
JOIN memberships_pointsentry reversed ON reversed.id = entry.reverses_id
WHERE entry.id BETWEEN %(first)s AND %(last)s AND (
    memberships_overdrawn_reversal(ARRAY[reversed.id]) IS NOT NULL
    OR reversed.kind = 'spend' AND EXISTS (
        SELECT
        FROM (SELECT lot_id, points FROM memberships_lotdraw WHERE entry_id = reversed.id) AS taken
        FULL JOIN (SELECT lot_id, points FROM memberships_lotdraw WHERE entry_id = entry.id) AS given
            ON given.lot_id = taken.lot_id
        WHERE taken.points IS DISTINCT FROM -given.points
    )
)
ORDER BY entry.id
