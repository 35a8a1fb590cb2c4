-- How many points of each of some awards are lost by a day, zero or more, in the order of the list: what expired and was
-- not given again, and what remains of lots that are over by that day and were not expired yet. What expired of a lot and
-- was given again is a new lot, which may expire in its turn, and so on. Reads only.
-- With a moment (`until`): as it was then, by the entries that were booked so far.
-- Of a lot that ever expired one entry has the key expire:<lot>: only where that is there, the lot's others are looked
-- for among all of the wallet. OFFSET 0 has each wallet's entries looked up, however few of them the planner believes
-- there are in all.
WITH RECURSIVE asked AS MATERIALIZED (
    SELECT listed.place, award.member_id, award.enrolment_id, award.lot_id
    FROM unnest(%(awards)s::bigint[]) WITH ORDINALITY AS listed (award_id, place)
    JOIN memberships_pointsentry award ON award.id = listed.award_id
), chain AS (
    SELECT place, member_id, enrolment_id, lot_id FROM asked
    UNION
    SELECT chain.place, chain.member_id, chain.enrolment_id, again.lot_id
    FROM chain
    JOIN LATERAL (
        SELECT enrolment_id, lot_id
        FROM memberships_pointsentry
        WHERE member_id = chain.member_id AND key = 'expire:' || chain.lot_id
        OFFSET 0
    ) AS booked ON true
    JOIN LATERAL (
        SELECT entry.id
        FROM memberships_pointsentry entry
        WHERE entry.enrolment_id = booked.enrolment_id AND entry.kind = 'expire' AND entry.lot_id = booked.lot_id
        OFFSET 0
    ) AS expired ON true
    JOIN LATERAL (
        SELECT given.lot_id
        FROM memberships_pointsentry given
        WHERE given.reverses_id = expired.id AND given.kind = 'reinstate'
            AND given.at <= coalesce(%(until)s::timestamptz, 'infinity')
        OFFSET 0
    ) AS again ON true
), lost AS (
    SELECT chain.place, sum(gone.points) AS points
    FROM chain
    JOIN LATERAL (
        SELECT -expired.points AS points
        FROM (
            SELECT enrolment_id, lot_id
            FROM memberships_pointsentry
            WHERE member_id = chain.member_id AND key = 'expire:' || chain.lot_id
            OFFSET 0
        ) AS booked
        JOIN LATERAL (
            SELECT entry.points
            FROM memberships_pointsentry entry
            WHERE entry.enrolment_id = booked.enrolment_id AND entry.kind = 'expire' AND entry.lot_id = booked.lot_id
                AND entry.at <= coalesce(%(until)s::timestamptz, 'infinity')
                AND NOT EXISTS (
                    SELECT FROM memberships_pointsentry given
                    WHERE given.reverses_id = entry.id AND given.at <= coalesce(%(until)s::timestamptz, 'infinity')
                )
            OFFSET 0
        ) AS expired ON true
        UNION ALL
        SELECT lot.remaining
        FROM memberships_pointslot lot
        JOIN memberships_enrolment wallet ON wallet.id = lot.enrolment_id
        WHERE lot.id = chain.lot_id AND lot.pending_until IS NULL
            AND least(lot.expires_on, wallet.idle_on) <= %(over_on)s
            AND NOT EXISTS (
                SELECT FROM memberships_pointsentry booked
                WHERE booked.member_id = lot.member_id AND booked.key = 'expire:' || lot.id
            )
        OFFSET 0
    ) AS gone ON true
    GROUP BY chain.place
)
SELECT coalesce(lost.points, 0)::bigint FROM asked LEFT JOIN lost ON lost.place = asked.place ORDER BY asked.place
