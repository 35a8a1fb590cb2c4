-- What each programme owes its members on a day, in points: (programme, month, points), the month as "2027-01" or
-- "never", and "pending" for points whose return window is open. Points of an idle programme end with their wallet.
-- Points that are over by that day are owed no more, whether or not a night has booked it; nor are those which a night
-- booked early. Of one programme, or of all (NULL). Reads only, in one snapshot: lots, wallets, and the entries that
-- expired a lot, each once (kind and key say the same of those; the kind lets them be read together).
WITH standing AS (
    SELECT wallet.programme_id, lot.remaining, true AS is_pending, NULL::date AS ends_on
    FROM memberships_pointslot lot
    JOIN memberships_enrolment wallet ON wallet.id = lot.enrolment_id
    WHERE lot.pending_until IS NOT NULL AND lot.remaining > 0
        AND (%(programme)s::bigint IS NULL OR wallet.programme_id = %(programme)s)
    UNION ALL
    SELECT wallet.programme_id, lot.remaining, false, least(lot.expires_on, wallet.idle_on)
    FROM memberships_pointslot lot
    JOIN memberships_enrolment wallet ON wallet.id = lot.enrolment_id
    WHERE lot.pending_until IS NULL AND lot.remaining > 0
        AND (%(programme)s::bigint IS NULL OR wallet.programme_id = %(programme)s)
        AND (lot.expires_on IS NULL OR lot.expires_on > %(on)s) AND (wallet.idle_on IS NULL OR wallet.idle_on > %(on)s)
        AND NOT EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.kind = 'expire' AND gone.key = 'expire:' || lot.id
        )
)
SELECT programme_id,
    CASE WHEN is_pending THEN 'pending' ELSE coalesce(to_char(ends_on, 'YYYY-MM'), 'never') END AS month,
    sum(remaining)::bigint
FROM standing
GROUP BY 1, 2
ORDER BY 1, 2
