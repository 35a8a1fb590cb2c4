-- How many points of a lot are lost by a day, zero or more: what expired and was not given again, and what remains of
-- lots that are over by that day and were not expired yet. What expired of a lot and was given again is a new lot, which
-- may expire in its turn, and so on. Reads only.
WITH RECURSIVE chain AS (
    SELECT %(lot)s::bigint AS lot_id
    UNION
    SELECT given.lot_id
    FROM chain
    JOIN memberships_pointsentry lost
        ON lost.enrolment_id = %(enrolment)s AND lost.kind = 'expire' AND lost.lot_id = chain.lot_id
    JOIN memberships_pointsentry given ON given.reverses_id = lost.id AND given.kind = 'reinstate'
)
SELECT coalesce(sum(points), 0)::bigint
FROM (
    SELECT -lost.points AS points
    FROM chain
    JOIN memberships_pointsentry lost
        ON lost.enrolment_id = %(enrolment)s AND lost.kind = 'expire' AND lost.lot_id = chain.lot_id
    WHERE NOT EXISTS (SELECT FROM memberships_pointsentry given WHERE given.reverses_id = lost.id)
    UNION ALL
    SELECT lot.remaining
    FROM chain
    JOIN memberships_pointslot lot ON lot.id = chain.lot_id
    JOIN memberships_enrolment wallet ON wallet.id = lot.enrolment_id
    WHERE lot.pending_until IS NULL AND least(lot.expires_on, wallet.idle_on) <= %(over_on)s
        AND NOT EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
        )
) AS lost
