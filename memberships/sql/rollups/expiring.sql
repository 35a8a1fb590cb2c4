-- The points of each programme that end within 30, 60 and 90 days after a day, as things stand: by their lot's own day, or
-- earlier by the inactivity of their wallet. Pending points end nowhere yet. Reads lots by their day
-- (pointslot_to_expire) and wallets by theirs (enrolment_idle), locks nothing.
WITH ending AS (
    SELECT wallet.programme_id, lot.remaining, lot.expires_on AS ends_on
    FROM memberships_pointslot lot
    JOIN memberships_enrolment wallet ON wallet.id = lot.enrolment_id
    WHERE lot.remaining > 0 AND lot.expires_on > %(on)s AND lot.expires_on <= %(on)s + 90
        AND lot.pending_until IS NULL AND (wallet.idle_on IS NULL OR wallet.idle_on >= lot.expires_on)
    UNION ALL
    SELECT wallet.programme_id, lot.remaining, wallet.idle_on
    FROM memberships_enrolment wallet
    JOIN memberships_pointslot lot ON lot.enrolment_id = wallet.id
    WHERE wallet.idle_on > %(on)s AND wallet.idle_on <= %(on)s + 90
        AND lot.remaining > 0 AND lot.pending_until IS NULL
        AND (lot.expires_on IS NULL OR lot.expires_on > wallet.idle_on)
)
SELECT
    programme_id,
    (coalesce(sum(remaining) FILTER (WHERE ends_on <= %(on)s + 30), 0))::bigint AS within_30,
    (coalesce(sum(remaining) FILTER (WHERE ends_on <= %(on)s + 60), 0))::bigint AS within_60,
    sum(remaining)::bigint AS within_90
FROM ending
GROUP BY programme_id
ORDER BY programme_id
