-- Take parts of awards back, one of a wallet: of a pending one from its lot, of a posted one as the programme's policy
-- says. Returns of each, in the order of the list: what became of it (`taken`; `kept`: the policy leaves posted points to
-- the member; `expired`: nothing of it is there any more, nothing was booked), its entry, the points that this booked,
-- the qualifying points that it took, and how many points were missing: of a kept one those that had not expired.
-- The award's own lot gives first, then the earliest expiry. Qualifying points of a posted award are taken back on the
-- day for which they counted, by an entry of their own where that is another day.
-- Inserts entries and draws, lowers lots, and updates the wallets. The caller has locked those in key order, has seen
-- that no more is asked for than is left of each award, has expired what is over in the wallets of posted ones, and says
-- how many points of each award are lost (lost_for_good.sql). Never run twice: the keys would be there.
WITH asked AS MATERIALIZED (
    SELECT
        listed.place, listed.key, listed.points, listed.qualifying, listed.lost, award.id AS award_id, award.member_id,
        award.enrolment_id, award.lot_id, award.points AS awarded, lot.pending_until IS NOT NULL AS is_pending,
        lot.remaining = listed.points AND lot.qualifying = listed.qualifying AS is_all,
        coalesce(policy.reversal, 'within_balance') AS policy, coalesce(posting."on", award."on") AS counted_on,
        nextval(pg_get_serial_sequence('memberships_pointsentry', 'id')) AS entry_id
    FROM unnest(
        %(awards)s::bigint[], %(keys)s::text[], %(points)s::bigint[], %(qualifying)s::bigint[], %(lost)s::bigint[]
    ) WITH ORDINALITY AS listed (award_id, key, points, qualifying, lost, place)
    JOIN memberships_pointsentry award ON award.id = listed.award_id
    JOIN memberships_enrolment wallet ON wallet.id = award.enrolment_id
    LEFT JOIN memberships_pointslot lot ON lot.id = award.lot_id
    LEFT JOIN memberships_pointspolicy policy ON policy.programme_id = wallet.programme_id
    LEFT JOIN memberships_pointsentry posting
        ON award.kind = 'accrue' AND posting.member_id = award.member_id AND posting.key = 'post:' || award.lot_id
), owing AS MATERIALIZED (
    SELECT asked.*,
        -- What of the award is neither over for good nor was taken back, or is still lacking: no more is owed.
        CASE WHEN is_pending THEN points ELSE least(points, (
            SELECT CASE WHEN asked.lot_id IS NULL THEN 0 ELSE greatest(
                0, asked.awarded - asked.lost + coalesce(sum(earlier.points - earlier.missing), 0)
            ) END
            FROM memberships_pointsentry earlier
            WHERE earlier.reverses_id = asked.award_id
        ))::bigint END AS owed
    FROM asked
), own AS MATERIALIZED (
    SELECT owing.*, NOT is_pending AND EXISTS (
        SELECT FROM memberships_pointslot lot
        WHERE lot.id = owing.lot_id AND lot.remaining >= owing.owed AND lot.pending_until IS NULL
            AND (lot.expires_on IS NULL OR lot.expires_on > %(on)s)
            AND NOT EXISTS (
                SELECT FROM memberships_pointsentry gone
                WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
            )
    ) AS gives_all
    FROM owing
), weighed AS MATERIALIZED (
    SELECT own.*,
        -- A wallet has thousands of open lots: they are read only where the award's own does not give all that is owed.
        CASE WHEN is_pending OR gives_all THEN owed ELSE least(owed, (
            SELECT coalesce(sum(lot.remaining), 0)
            FROM memberships_pointslot lot
            WHERE lot.enrolment_id = own.enrolment_id AND lot.remaining > 0 AND lot.pending_until IS NULL
                AND (lot.expires_on IS NULL OR lot.expires_on > %(on)s)
                AND NOT EXISTS (
                    SELECT FROM memberships_pointsentry gone
                    WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
                )
        ))::bigint END AS there
    FROM own
), judged AS MATERIALIZED (
    SELECT weighed.*, policy = 'may_go_negative' AND NOT is_pending AS may_owe,
        CASE WHEN is_pending THEN 'taken' WHEN policy = 'pending_only' THEN 'kept'
            WHEN owed = 0 AND qualifying = 0 THEN 'expired' ELSE 'taken'
        END AS finding
    FROM weighed
), taken AS MATERIALIZED (
    SELECT judged.*, CASE WHEN may_owe THEN owed ELSE there END AS booked,
        CASE WHEN may_owe THEN 0 ELSE owed - there END AS missing
    FROM judged
    WHERE finding = 'taken'
), entries AS (
    INSERT INTO memberships_pointsentry
        (id, member_id, enrolment_id, key, kind, points, qualifying, debit, credit, reverses_id, asked, missing, "on", at,
        actor_id, reason)
    SELECT entry_id, member_id, enrolment_id, key, 'reverse', -booked,
        CASE WHEN is_pending OR counted_on <> %(on)s THEN 0 ELSE -qualifying END,
        CASE WHEN is_pending THEN 'pending' ELSE 'liability' END, 'issued', award_id, points, missing, %(on)s, %(at)s,
        %(actor)s, %(reason)s
    FROM taken
), beside AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, qualifying, debit, credit, reverses_id, asked, "on", at, actor_id,
        reason)
    SELECT member_id, enrolment_id, 'qualifying:' || entry_id, 'reverse', 0, -qualifying, 'liability', 'issued', award_id,
        0, counted_on, %(at)s, %(actor)s, %(reason)s
    FROM taken
    WHERE NOT is_pending AND qualifying > 0 AND counted_on <> %(on)s
), line AS (
    SELECT entry_id, there, lot_id, member_id, there AS remaining, 0::bigint AS taken_before
    FROM taken
    WHERE gives_all AND there > 0
    UNION ALL
    SELECT taken.entry_id, taken.there, lot.id AS lot_id, lot.member_id, lot.remaining,
        sum(lot.remaining) OVER (
            PARTITION BY taken.entry_id
            ORDER BY lot.id IS NOT DISTINCT FROM taken.lot_id DESC, lot.expires_on ASC NULLS LAST, lot.id
        )::bigint - lot.remaining AS taken_before
    FROM taken
    JOIN memberships_pointslot lot ON lot.enrolment_id = taken.enrolment_id
    WHERE NOT taken.is_pending AND NOT taken.gives_all AND taken.there > 0
        AND lot.remaining > 0 AND lot.pending_until IS NULL
        AND (lot.expires_on IS NULL OR lot.expires_on > %(on)s)
        AND NOT EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
        )
), drawn AS (
    INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points)
    SELECT member_id, entry_id, lot_id, least(remaining, there - taken_before) FROM line WHERE taken_before < there
    UNION ALL
    SELECT member_id, entry_id, lot_id, points FROM taken WHERE is_pending AND points > 0
    RETURNING entry_id, lot_id, points
), lowered AS (
    UPDATE memberships_pointslot lot
    SET remaining = lot.remaining - drawn.points
    FROM drawn
    JOIN taken ON taken.entry_id = drawn.entry_id AND NOT taken.is_pending
    WHERE lot.id = drawn.lot_id
), waiting AS (
    UPDATE memberships_pointslot lot
    SET remaining = lot.remaining - taken.points,
        -- Of a lot of which nothing is left nothing waits any more.
        pending_until = CASE WHEN taken.is_all THEN NULL ELSE lot.pending_until END,
        qualifying = CASE WHEN taken.is_all THEN lot.qualifying ELSE lot.qualifying - taken.qualifying END
    FROM taken
    WHERE taken.is_pending AND lot.id = taken.lot_id
), debited AS (
    UPDATE memberships_enrolment wallet
    SET balance = wallet.balance - CASE WHEN taken.is_pending THEN 0 ELSE taken.booked END,
        pending = wallet.pending - CASE WHEN taken.is_pending THEN taken.booked ELSE 0 END,
        debt = wallet.debt + taken.booked - taken.there
    FROM taken
    WHERE wallet.id = taken.enrolment_id
)
SELECT judged.finding, taken.entry_id, coalesce(-taken.booked, 0), coalesce(taken.qualifying, 0),
    coalesce(taken.missing, CASE judged.finding WHEN 'kept' THEN judged.owed ELSE 0 END)
FROM judged
LEFT JOIN taken ON taken.place = judged.place
ORDER BY judged.place
