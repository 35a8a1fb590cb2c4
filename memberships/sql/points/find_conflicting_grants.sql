-- Keys of a list of grants that their members' ledgers know with another body, or that the list gives to two wallets
-- of a member. Reads only; the wallets are locked.
-- What became of a lot is not compared: its expiry when that was put off by hand, its return window when it was posted,
-- and its qualifying points when a part of it was taken back.
WITH asked AS (
    SELECT wallet.member_id, listed.*
    FROM unnest(
        %(enrolments)s::bigint[], %(points)s::bigint[], %(keys)s::text[], %(expires_on)s::date[],
        %(qualifying)s::bigint[], %(pending_until)s::date[]
    ) AS listed (enrolment_id, points, key, expires_on, qualifying, pending_until)
    JOIN memberships_enrolment wallet ON wallet.id = listed.enrolment_id
)
SELECT asked.key
FROM asked
JOIN memberships_pointsentry entry ON entry.member_id = asked.member_id AND entry.key = asked.key
LEFT JOIN memberships_pointslot lot ON lot.id = entry.lot_id
WHERE entry.kind <> CASE WHEN asked.pending_until IS NULL THEN 'earn' ELSE 'accrue' END
    OR entry.enrolment_id <> asked.enrolment_id OR entry.points <> asked.points
    OR lot.id IS NOT NULL AND lot.expires_on IS DISTINCT FROM asked.expires_on AND NOT EXISTS (
        SELECT FROM memberships_lotextension extension WHERE extension.lot_id = lot.id
    )
    OR entry.kind = 'earn' AND entry.qualifying <> asked.qualifying
    OR lot.pending_until <> asked.pending_until
    OR lot.qualifying <> asked.qualifying AND entry.kind = 'accrue' AND NOT EXISTS (
        SELECT FROM memberships_pointsentry reversal WHERE reversal.reverses_id = entry.id
    )
UNION ALL
SELECT key
FROM asked
GROUP BY member_id, key
HAVING count(*) > 1
