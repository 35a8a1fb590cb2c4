-- How many points of each of some awards are lost by a day, zero or more, in the order of the list: what expired and was
-- not given again, and what remains of lots that are over by that day and were not expired yet. What expired of a lot and
-- was given again is a new lot, which may expire in its turn, and so on. Reads only.
WITH RECURSIVE asked AS MATERIALIZED (
    SELECT listed.place, award.enrolment_id, award.lot_id
    FROM unnest(%(awards)s::bigint[]) WITH ORDINALITY AS listed (award_id, place)
    JOIN memberships_pointsentry award ON award.id = listed.award_id
), chain AS (
    SELECT place, enrolment_id, lot_id FROM asked
    UNION
    SELECT chain.place, chain.enrolment_id, given.lot_id
    FROM chain
    JOIN memberships_pointsentry lost
        ON lost.enrolment_id = chain.enrolment_id AND lost.kind = 'expire' AND lost.lot_id = chain.lot_id
    JOIN memberships_pointsentry given ON given.reverses_id = lost.id AND given.kind = 'reinstate'
), lost AS (
    SELECT chain.place, -expired.points AS points
    FROM chain
    JOIN memberships_pointsentry expired
        ON expired.enrolment_id = chain.enrolment_id AND expired.kind = 'expire' AND expired.lot_id = chain.lot_id
    WHERE NOT EXISTS (SELECT FROM memberships_pointsentry given WHERE given.reverses_id = expired.id)
    UNION ALL
    SELECT chain.place, lot.remaining
    FROM chain
    JOIN memberships_pointslot lot ON lot.id = chain.lot_id
    JOIN memberships_enrolment wallet ON wallet.id = lot.enrolment_id
    WHERE lot.pending_until IS NULL AND least(lot.expires_on, wallet.idle_on) <= %(over_on)s
        AND NOT EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
        )
)
SELECT (SELECT coalesce(sum(points), 0)::bigint FROM lost WHERE lost.place = asked.place) FROM asked ORDER BY place
