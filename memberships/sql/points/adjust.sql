-- Book a list of adjustments by hand: an entry each, a lot for those that give points, and the balances. What they take
-- is owed for a moment: settle_debts.sql draws it from the lots next, in the same transaction. Returns how many.
-- Touches the lots and entries it makes and the wallets of the list, which the caller has locked in key order, having
-- seen that there is enough to take.
-- May run twice: an adjustment whose key the member's ledger has is left out.
WITH fresh AS MATERIALIZED (
    SELECT listed.*,
        CASE WHEN points > 0 THEN nextval(pg_get_serial_sequence('memberships_pointslot', 'id')) END AS lot_id
    FROM (
        SELECT wallet.member_id, wallet.id AS enrolment_id, asked.points, asked.key, asked.expires_on, asked.qualifying,
            code.id AS reason_code_id, asked.reason
        FROM unnest(
            %(enrolments)s::bigint[], %(points)s::bigint[], %(keys)s::text[], %(expires_on)s::date[],
            %(qualifying)s::bigint[], %(codes)s::text[], %(reasons)s::text[]
        ) WITH ORDINALITY AS asked (enrolment_id, points, key, expires_on, qualifying, code, reason, number)
        JOIN memberships_enrolment wallet ON wallet.id = asked.enrolment_id
        JOIN memberships_adjustmentreason code ON code.code = asked.code
        WHERE NOT EXISTS (
            SELECT FROM memberships_pointsentry entry
            WHERE entry.member_id = wallet.member_id AND entry.key = asked.key
        )
        ORDER BY asked.number
    ) AS listed
), lots AS (
    INSERT INTO memberships_pointslot (id, member_id, enrolment_id, points, remaining, earned_on, expires_on)
    SELECT lot_id, member_id, enrolment_id, points, points, %(on)s, expires_on FROM fresh WHERE lot_id IS NOT NULL
), entries AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, qualifying, debit, credit, lot_id, reason_code_id, "on", at,
        actor_id, reason)
    SELECT member_id, enrolment_id, key, 'adjust', points, qualifying,
        CASE WHEN points < 0 THEN 'liability' ELSE 'adjustment' END,
        CASE WHEN points < 0 THEN 'adjustment' ELSE 'liability' END,
        lot_id, reason_code_id, %(on)s, %(at)s, %(actor)s, reason
    FROM fresh
    RETURNING enrolment_id, points
), moved AS (
    SELECT enrolment_id, count(*) AS entries, sum(points)::bigint AS points, bool_or(points > 0) AS has_given,
        coalesce(sum(-points) FILTER (WHERE points < 0), 0)::bigint AS owed
    FROM entries
    GROUP BY enrolment_id
), booked AS (
    UPDATE memberships_enrolment wallet
    SET balance = wallet.balance + moved.points, debt = wallet.debt + moved.owed,
        -- What is given puts inactivity off like an earn; what is taken is not the member's doing, and does not.
        idle_on = CASE
            WHEN moved.has_given THEN greatest(wallet.idle_on, memberships_idle_on(wallet.programme_id, %(on)s))
            ELSE coalesce(wallet.idle_on, memberships_idle_on(wallet.programme_id, %(on)s))
        END
    FROM moved
    WHERE wallet.id = moved.enrolment_id
    RETURNING moved.entries
)
SELECT coalesce(sum(entries), 0)::bigint FROM booked
