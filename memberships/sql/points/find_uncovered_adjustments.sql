-- Wallets from which a list of adjustments would take more than can be spent there, once what the list gives has paid
-- their debts: the wallet, how many points it would take, and how many there are. Reads only; adjustments that the
-- ledger knows already are left out.
WITH asked AS (
    SELECT wallet.id, sum(listed.points) FILTER (WHERE listed.points > 0) AS given,
        -sum(listed.points) FILTER (WHERE listed.points < 0) AS taken
    FROM unnest(%(enrolments)s::bigint[], %(points)s::bigint[], %(keys)s::text[]) AS listed (enrolment_id, points, key)
    JOIN memberships_enrolment wallet ON wallet.id = listed.enrolment_id
    WHERE NOT EXISTS (
        SELECT FROM memberships_pointsentry entry
        WHERE entry.member_id = wallet.member_id AND entry.key = listed.key
    )
    GROUP BY wallet.id
    HAVING min(listed.points) < 0
), covered AS (
    SELECT asked.id, asked.taken::bigint, greatest(0, coalesce(asked.given, 0) - wallet.debt + coalesce((
        SELECT sum(lot.remaining)
        FROM memberships_pointslot lot
        WHERE lot.enrolment_id = wallet.id AND lot.remaining > 0 AND lot.pending_until IS NULL
            AND (lot.expires_on IS NULL OR lot.expires_on > %(on)s)
            AND (wallet.idle_on IS NULL OR wallet.idle_on > %(on)s)
            AND NOT EXISTS (
                SELECT FROM memberships_pointsentry gone
                WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
            )
    ), 0))::bigint AS there
    FROM asked
    JOIN memberships_enrolment wallet ON wallet.id = asked.id
)
SELECT id, taken, there FROM covered WHERE taken > there ORDER BY id
