-- Keys of a list of adjustments that their members' ledgers know with another body, or that the list gives to two
-- wallets of a member. Reads only; the wallets are locked. A lot's expiry is not compared once it was put off by hand.
WITH asked AS (
    SELECT wallet.member_id, listed.*
    FROM unnest(
        %(enrolments)s::bigint[], %(points)s::bigint[], %(keys)s::text[], %(expires_on)s::date[],
        %(qualifying)s::bigint[], %(codes)s::text[]
    ) AS listed (enrolment_id, points, key, expires_on, qualifying, code)
    JOIN memberships_enrolment wallet ON wallet.id = listed.enrolment_id
)
SELECT asked.key
FROM asked
JOIN memberships_pointsentry entry ON entry.member_id = asked.member_id AND entry.key = asked.key
LEFT JOIN memberships_adjustmentreason code ON code.id = entry.reason_code_id
LEFT JOIN memberships_pointslot lot ON lot.id = entry.lot_id
WHERE (entry.kind, entry.enrolment_id, entry.points, entry.qualifying, code.code)
        IS DISTINCT FROM ('adjust', asked.enrolment_id, asked.points, asked.qualifying, asked.code)
    OR lot.id IS NOT NULL AND lot.expires_on IS DISTINCT FROM asked.expires_on AND NOT EXISTS (
        SELECT FROM memberships_lotextension extension WHERE extension.lot_id = lot.id
    )
UNION ALL
SELECT key
FROM asked
GROUP BY member_id, key
HAVING count(*) > 1
