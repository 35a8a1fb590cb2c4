-- Keys of a list of grants that their members' ledgers know with another body, or that the list gives to two wallets
-- of a member. Reads only; the wallets are locked.
WITH asked AS (
    SELECT wallet.member_id, listed.*
    FROM unnest(%(enrolments)s::bigint[], %(points)s::bigint[], %(keys)s::text[], %(expires_on)s::date[])
        AS listed (enrolment_id, points, key, expires_on)
    JOIN memberships_enrolment wallet ON wallet.id = listed.enrolment_id
)
SELECT asked.key
FROM asked
JOIN memberships_pointsentry entry ON entry.member_id = asked.member_id AND entry.key = asked.key
LEFT JOIN memberships_pointslot lot ON lot.id = entry.lot_id
WHERE entry.kind <> 'earn' OR entry.enrolment_id <> asked.enrolment_id OR entry.points <> asked.points
    OR lot.expires_on IS DISTINCT FROM asked.expires_on
UNION ALL
SELECT key
FROM asked
GROUP BY member_id, key
HAVING count(*) > 1
