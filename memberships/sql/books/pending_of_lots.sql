-- Wallets of which something else is pending than what remains of their pending lots.
SELECT wallet.id, wallet.member_id, coalesce(lots.remaining, 0) AS expected, wallet.pending
FROM memberships_enrolment wallet
LEFT JOIN (
    SELECT enrolment_id, sum(remaining) AS remaining
    FROM memberships_pointslot
    WHERE enrolment_id BETWEEN %(first)s AND %(last)s AND remaining > 0 AND pending_until IS NOT NULL
    GROUP BY enrolment_id
) AS lots ON lots.enrolment_id = wallet.id
WHERE wallet.id BETWEEN %(first)s AND %(last)s AND wallet.pending <> coalesce(lots.remaining, 0)
ORDER BY wallet.id
