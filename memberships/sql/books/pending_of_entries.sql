-- Wallets of which something else is pending than their accruals, less what of them was reversed or posted.
SELECT wallet.id, wallet.member_id, coalesce(booked.points, 0), wallet.pending
FROM memberships_enrolment wallet
LEFT JOIN (
    SELECT enrolment_id, sum(CASE kind WHEN 'post' THEN -points ELSE points END) AS points
    FROM memberships_pointsentry
    WHERE enrolment_id BETWEEN %(first)s AND %(last)s AND 'pending' IN (debit, credit)
    GROUP BY enrolment_id
) AS booked ON booked.enrolment_id = wallet.id
WHERE wallet.id BETWEEN %(first)s AND %(last)s AND wallet.pending <> coalesce(booked.points, 0)
ORDER BY wallet.id
