-- Expire the lots of some wallets that are over by a day and were not expired yet: an entry for each lot, on the lot's
-- day, and the balances. As expire.sql does for the wallets of a range; these may lie anywhere in the table.
-- Inserts entries and updates the wallets of the list, which the caller has locked in key order.
-- May run twice: a lot's entry has the lot's key, and what was there before counts no second time.
WITH expired AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, debit, credit, lot_id, "on", at, actor_id, reason)
    SELECT lot.member_id, lot.enrolment_id, 'expire:' || lot.id, 'expire', -lot.remaining, 'liability', 'breakage',
        lot.id, lot.expires_on, %(at)s, %(actor)s, ''
    FROM unnest(%(wallets)s::bigint[]) AS wallet (id)
    JOIN LATERAL (
        SELECT *
        FROM memberships_pointslot due
        WHERE due.enrolment_id = wallet.id AND due.expires_on <= %(on)s AND due.remaining > 0
            AND due.pending_until IS NULL
            AND NOT EXISTS (
                SELECT FROM memberships_pointsentry gone
                WHERE gone.member_id = due.member_id AND gone.key = 'expire:' || due.id
            )
        OFFSET 0
    ) AS lot ON true
    ORDER BY lot.enrolment_id, lot.expires_on, lot.id
    ON CONFLICT (member_id, key) DO NOTHING
    RETURNING enrolment_id, points
)
UPDATE memberships_enrolment wallet
SET balance = wallet.balance + lost.points
FROM (SELECT enrolment_id, sum(points)::bigint AS points FROM expired GROUP BY enrolment_id) AS lost
WHERE wallet.id = lost.enrolment_id
