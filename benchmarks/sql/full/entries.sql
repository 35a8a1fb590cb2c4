-- The ledger of one wallet in %(entries_every)s, in the order of time: what each lot was earned by, and what was spent of it.
INSERT INTO memberships_pointsentry (
    id, member_id, enrolment_id, key, kind, points, qualifying, debit, credit, lot_id, "on", at, reason
)
SELECT row_number() OVER (ORDER BY "on", lot_id, kind), member_id, enrolment_id, key, kind, points, qualifying, debit, credit,
    CASE WHEN kind <> 'spend' THEN lot_id END, "on", "on" + interval '4 hours', ''
FROM (
    SELECT id AS lot_id, member_id, enrolment_id, 'order:SO' || lpad(id::text, 10, '0') AS key,
        CASE WHEN pending_until IS NULL THEN 'earn' ELSE 'accrue' END AS kind, points,
        CASE WHEN pending_until IS NULL THEN points ELSE 0 END AS qualifying, 'issued' AS debit,
        CASE WHEN pending_until IS NULL THEN 'liability' ELSE 'pending' END AS credit, earned_on AS "on"
    FROM memberships_pointslot
    WHERE enrolment_id %% %(entries_every)s = 0
    UNION ALL
    SELECT id, member_id, enrolment_id, 'spend:' || id, 'spend', remaining - points, 0, 'liability', 'redeemed',
        least(earned_on + 60, %(on)s::date - 1)
    FROM memberships_pointslot
    WHERE enrolment_id %% %(entries_every)s = 0 AND remaining < points
) AS booked
ORDER BY 1
