-- Wallets whose balance is not the sum of their entries on the account of the wallet: all but what is pending.
SELECT wallet.id, wallet.member_id, coalesce(booked.points, 0), wallet.balance
FROM memberships_enrolment wallet
LEFT JOIN (
    SELECT enrolment_id, sum(points) AS points
    FROM memberships_pointsentry
    WHERE enrolment_id BETWEEN %(first)s AND %(last)s AND 'liability' IN (debit, credit)
    GROUP BY enrolment_id
) AS booked ON booked.enrolment_id = wallet.id
WHERE wallet.id BETWEEN %(first)s AND %(last)s AND wallet.balance <> coalesce(booked.points, 0)
ORDER BY wallet.id
