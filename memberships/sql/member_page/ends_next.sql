-- Of each of some wallets, the next day after a day on which posted points end, and how many: by their lot's own day, or
-- earlier by the inactivity of the wallet. Reads the lots of the wallets that are not spent (pointslot_to_spend).
SELECT wallet.id, ending.ends_on, ending.points
FROM memberships_enrolment wallet
CROSS JOIN LATERAL (
    SELECT least(lot.expires_on, wallet.idle_on) AS ends_on, sum(lot.remaining)::bigint AS points
    FROM memberships_pointslot lot
    WHERE lot.enrolment_id = wallet.id AND lot.remaining > 0 AND lot.pending_until IS NULL
        AND least(lot.expires_on, wallet.idle_on) > %(on)s
    GROUP BY 1
    ORDER BY 1
    LIMIT 1
) AS ending
WHERE wallet.id = ANY(%(wallets)s)
