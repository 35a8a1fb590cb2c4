-- The days up to the settled one on which a lot of a range of wallets is over and was not expired: its earn was
-- committed, or it was posted, after the night that settled its day had looked. Hardly ever a day. Reads only.
SELECT DISTINCT lot.expires_on
FROM memberships_pointslot lot
WHERE lot.expires_on > %(since)s AND lot.expires_on <= %(settled)s
    AND lot.enrolment_id BETWEEN %(first)s AND %(last)s AND lot.remaining > 0 AND lot.pending_until IS NULL
    AND NOT EXISTS (
        SELECT FROM memberships_pointsentry gone
        WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
    )
ORDER BY lot.expires_on
