-- The balances that the entries add up to.
UPDATE memberships_enrolment wallet
SET balance = earned.points
FROM (SELECT enrolment_id, sum(points) AS points FROM memberships_pointsentry GROUP BY enrolment_id) AS earned
WHERE wallet.id = earned.enrolment_id
