-- Reversals of another wallet's entry or of one that cannot be reversed; of a spend by other points, or to other lots,
-- than it took; of an earn by more points than it gave, or upwards.
SELECT
    entry.id, entry.member_id, reversed.kind || ' ' || reversed.points AS expected, 'reverse ' || entry.points AS found
FROM memberships_pointsentry entry
JOIN memberships_pointsentry reversed ON reversed.id = entry.reverses_id
WHERE entry.id BETWEEN %(first)s AND %(last)s AND (
    reversed.enrolment_id <> entry.enrolment_id
    OR CASE reversed.kind
        WHEN 'spend' THEN entry.points <> -reversed.points OR EXISTS (
            SELECT
            FROM (SELECT lot_id, points FROM memberships_lotdraw WHERE entry_id = reversed.id) AS taken
            FULL JOIN (SELECT lot_id, points FROM memberships_lotdraw WHERE entry_id = entry.id) AS given
                ON given.lot_id = taken.lot_id
            WHERE taken.points IS DISTINCT FROM -given.points
        )
        WHEN 'earn' THEN entry.points > 0 OR -entry.points > reversed.points
        ELSE true
    END
)
ORDER BY entry.id
