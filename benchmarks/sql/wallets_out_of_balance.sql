-- How many wallets do not add up: the balance is what the lots say is not spent, less what expired.
SELECT count(*)
FROM memberships_enrolment wallet
JOIN (SELECT enrolment_id, sum(remaining) AS points FROM memberships_pointslot GROUP BY enrolment_id) AS lots
    ON lots.enrolment_id = wallet.id
LEFT JOIN (
    SELECT enrolment_id, sum(points) AS points FROM memberships_pointsentry WHERE kind = 'expire' GROUP BY enrolment_id
) AS lost ON lost.enrolment_id = wallet.id
WHERE wallet.balance <> lots.points + coalesce(lost.points, 0)
