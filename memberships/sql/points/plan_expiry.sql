-- Cut the wallets with lots of these due days, and those that are idle by a day, into ranges of about so many lots each,
-- none of them in two ranges: first and last wallet, and how many there are. Wallets of an approved dry run are in it,
-- whatever is due in them now.
-- Reads only. Lots that were expired already are counted, where an earlier night was left undone; that costs nothing.
-- Of the days that were settled only what came late is counted: all else is booked (late_days.sql).
WITH lots AS (
    SELECT enrolment_id
    FROM memberships_pointslot
    WHERE expires_on = ANY(%(days)s::date[]) AND remaining > 0
    UNION ALL
    SELECT lot.enrolment_id
    FROM memberships_pointslot lot
    WHERE lot.expires_on > %(since)s::date AND lot.expires_on <= %(settled)s::date AND lot.remaining > 0
        AND NOT EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
        )
    UNION ALL
    -- An idle wallet without points only loses its day, which is nothing that a dry run foresees: approved or not.
    SELECT wallet.id
    FROM memberships_enrolment wallet
    LEFT JOIN memberships_pointslot lot ON lot.enrolment_id = wallet.id AND lot.remaining > 0
    WHERE wallet.idle_on <= %(idle_by)s
), due AS (
    SELECT enrolment_id, count(*)::int AS lots FROM lots GROUP BY enrolment_id
), wallets AS (
    SELECT coalesce(due.enrolment_id, item.key) AS id, coalesce(due.lots, 1) AS lots
    FROM due
    FULL JOIN (SELECT key FROM operations_runitem WHERE run_id = %(approved)s) AS item ON item.key = due.enrolment_id
), numbered AS (
    SELECT id, (sum(lots) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - lots) / %(chunk_lots)s AS chunk FROM wallets
)
SELECT min(id), max(id), count(*) FROM numbered GROUP BY chunk ORDER BY chunk
