-- The keys of a member's newest points entries below a key, over all wallets: the newest of each wallet, by its own index
-- (pointsentry_of_enrolment), and of these the newest. Reads only.
SELECT entry.id
FROM memberships_enrolment wallet
CROSS JOIN LATERAL (
    SELECT newest.id
    FROM memberships_pointsentry newest
    WHERE newest.enrolment_id = wallet.id AND newest.id < coalesce(%(before)s, 9223372036854775807)
    ORDER BY newest.id DESC
    LIMIT %(size)s
) AS entry
WHERE wallet.member_id = %(member)s
ORDER BY entry.id DESC
LIMIT %(size)s
