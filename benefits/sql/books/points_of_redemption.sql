-- Uses whose points are not what their own entry in the member's ledger took.
SELECT redemption.id, redemption.member_id, redemption.points, coalesce(-entry.points, 0)
FROM benefits_redemption redemption
LEFT JOIN memberships_pointsentry entry
    ON entry.id = redemption.points_entry_id AND entry.member_id = redemption.member_id AND entry.kind = 'spend'
        AND entry.key = 'redemption:' || redemption.id
WHERE redemption.id BETWEEN %(first)s AND %(last)s AND redemption.points <> coalesce(-entry.points, 0)
ORDER BY redemption.id
