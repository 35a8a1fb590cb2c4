-- The limit's UPDATE of the balances.
UPDATE memberships_enrolment wallet
SET balance = wallet.balance - lost.points
FROM (
    SELECT enrolment_id, sum(remaining)::bigint AS points
    FROM memberships_pointslot
    WHERE expires_on <= %(on)s AND remaining > 0
    GROUP BY enrolment_id
) AS lost
WHERE wallet.id = lost.enrolment_id
