-- Wallets whose balance is not what remains of their posted lots, less what expired (an expired lot keeps what
-- remained) and what they owe.
SELECT
    wallet.id, wallet.member_id, coalesce(lots.remaining, 0) + coalesce(expired.points, 0) - wallet.debt AS expected,
    wallet.balance
FROM memberships_enrolment wallet
LEFT JOIN (
    SELECT enrolment_id, sum(remaining) AS remaining
    FROM memberships_pointslot
    WHERE enrolment_id BETWEEN %(first)s AND %(last)s AND remaining > 0 AND pending_until IS NULL
    GROUP BY enrolment_id
) AS lots ON lots.enrolment_id = wallet.id
LEFT JOIN (
    SELECT enrolment_id, sum(points) AS points
    FROM memberships_pointsentry
    WHERE enrolment_id BETWEEN %(first)s AND %(last)s AND kind = 'expire'
    GROUP BY enrolment_id
) AS expired ON expired.enrolment_id = wallet.id
WHERE wallet.id BETWEEN %(first)s AND %(last)s
    AND wallet.balance <> coalesce(lots.remaining, 0) + coalesce(expired.points, 0) - wallet.debt
ORDER BY wallet.id
