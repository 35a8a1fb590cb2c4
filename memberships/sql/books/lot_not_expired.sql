-- Lots that a night which left nothing due (the last of them is `settled`, NULL: there was none) should have expired,
-- and did not.
SELECT lot.id, lot.member_id, -lot.remaining AS expected, 0 AS found
FROM memberships_pointslot lot
WHERE lot.id BETWEEN %(first)s AND %(last)s AND lot.remaining > 0 AND lot.expires_on <= %(settled)s::date
    AND lot.pending_until IS NULL
    AND NOT EXISTS (
        SELECT FROM memberships_pointsentry entry
        WHERE entry.member_id = lot.member_id AND entry.key = 'expire:' || lot.id
    )
ORDER BY lot.id
