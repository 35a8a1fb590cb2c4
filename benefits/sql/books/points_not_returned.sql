-- Uses that were taken back, whose points did not come back by an entry that reverses the one that took them.
SELECT redemption.id, redemption.member_id, redemption.points, coalesce(back.points, 0)
FROM benefits_redemption redemption
LEFT JOIN memberships_pointsentry back
    ON back.id = redemption.return_entry_id AND back.reverses_id = redemption.points_entry_id
WHERE redemption.id BETWEEN %(first)s AND %(last)s AND redemption.state = 'returned'
    AND redemption.points <> coalesce(back.points, 0)
ORDER BY redemption.id
