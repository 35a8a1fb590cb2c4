-- Pay the debts of wallets with the points that can be spent there: the entries that are owed, oldest first, draw from
-- the lots, earliest expiry first. Returns how many points were paid.
-- Inserts draws, which name the newest entry of their wallet, and lowers the lots and the wallets' debts; the caller
-- has locked the wallets in key order.
-- May run twice: a wallet that is in debt has no points that can be spent afterwards.
WITH indebted AS MATERIALIZED (
    SELECT wallet.id, wallet.member_id,
        (SELECT max(entry.id) FROM memberships_pointsentry entry WHERE entry.enrolment_id = wallet.id) AS newest_entry
    FROM memberships_enrolment wallet
    WHERE wallet.id = ANY(%(wallets)s::bigint[]) AND wallet.debt > 0
        AND (wallet.idle_on IS NULL OR wallet.idle_on > %(on)s)
), owed AS (
    -- What an entry took that no lot gave.
    SELECT entry.id, entry.enrolment_id, points,
        sum(points) OVER (PARTITION BY entry.enrolment_id ORDER BY entry.id) AS upto
    FROM (
        SELECT entry.id, entry.enrolment_id, -entry.points - coalesce((
            SELECT sum(draw.points) FROM memberships_lotdraw draw WHERE draw.entry_id = entry.id
        ), 0) AS points
        FROM indebted
        JOIN memberships_pointsentry entry ON entry.enrolment_id = indebted.id
        WHERE entry.kind IN ('reverse', 'adjust') AND entry.points < 0 AND entry.debit = 'liability'
    ) AS entry
    WHERE points > 0
), lots AS (
    SELECT lot.id, lot.enrolment_id, lot.remaining,
        sum(lot.remaining) OVER (
            PARTITION BY lot.enrolment_id ORDER BY lot.expires_on ASC NULLS LAST, lot.id
        ) AS upto
    FROM indebted
    JOIN memberships_pointslot lot ON lot.enrolment_id = indebted.id
    WHERE lot.remaining > 0 AND lot.pending_until IS NULL AND (lot.expires_on IS NULL OR lot.expires_on > %(on)s)
        AND NOT EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
        )
), drawn AS (
    -- Laid beside each other, debts and lots: where the two overlap the lot pays for the entry.
    INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points, paid_after_id)
    SELECT indebted.member_id, owed.id, lots.id,
        least(owed.upto, lots.upto) - greatest(owed.upto - owed.points, lots.upto - lots.remaining),
        indebted.newest_entry
    FROM indebted
    JOIN owed ON owed.enrolment_id = indebted.id
    JOIN lots ON lots.enrolment_id = indebted.id
        AND lots.upto > owed.upto - owed.points AND owed.upto > lots.upto - lots.remaining
    RETURNING lot_id, points
), lowered AS (
    UPDATE memberships_pointslot lot
    SET remaining = lot.remaining - taken.points
    FROM (SELECT lot_id, sum(points)::bigint AS points FROM drawn GROUP BY lot_id) AS taken
    WHERE lot.id = taken.lot_id
    RETURNING lot.enrolment_id, taken.points
), paid AS (
    UPDATE memberships_enrolment wallet
    SET debt = wallet.debt - payment.points
    FROM (SELECT enrolment_id, sum(points)::bigint AS points FROM lowered GROUP BY enrolment_id) AS payment
    WHERE wallet.id = payment.enrolment_id
    RETURNING payment.points
)
SELECT coalesce(sum(points), 0)::bigint FROM paid
