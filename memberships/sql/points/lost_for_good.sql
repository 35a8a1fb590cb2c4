-- How many points of a lot expired and were not given again, zero or more: what expired of a lot and was given again is
-- a new lot, which may expire in its turn, and so on. Reads only.
WITH RECURSIVE chain AS (
    SELECT %(lot)s::bigint AS lot_id
    UNION
    SELECT given.lot_id
    FROM chain
    JOIN memberships_pointsentry lost
        ON lost.enrolment_id = %(enrolment)s AND lost.kind = 'expire' AND lost.lot_id = chain.lot_id
    JOIN memberships_pointsentry given ON given.reverses_id = lost.id AND given.kind = 'reinstate'
)
SELECT coalesce(-sum(lost.points), 0)::bigint
FROM chain
JOIN memberships_pointsentry lost
    ON lost.enrolment_id = %(enrolment)s AND lost.kind = 'expire' AND lost.lot_id = chain.lot_id
WHERE NOT EXISTS (SELECT FROM memberships_pointsentry given WHERE given.reverses_id = lost.id)
