-- Book a list of grants: a lot and an entry each, and the balances. Returns how many were new.
-- A grant with a return window accrues: its lot is pending, and has its qualifying points until both are posted.
-- One of qualifying points alone has a lot only as long as it is pending.
-- Touches the lots and entries it makes and the wallets of the list, which the caller has locked in key order.
-- May run twice: a grant whose key the member's ledger has is left out.
WITH fresh AS MATERIALIZED (
    SELECT listed.*, pending_until IS NOT NULL AS is_pending,
        CASE WHEN points > 0 OR pending_until IS NOT NULL
            THEN nextval(pg_get_serial_sequence('memberships_pointslot', 'id'))
        END AS lot_id
    FROM (
        SELECT wallet.member_id, wallet.id AS enrolment_id, asked.points, asked.key, asked.expires_on,
            asked.qualifying, asked.pending_until
        FROM unnest(
            %(enrolments)s::bigint[], %(points)s::bigint[], %(keys)s::text[], %(expires_on)s::date[],
            %(qualifying)s::bigint[], %(pending_until)s::date[]
        ) WITH ORDINALITY AS asked (enrolment_id, points, key, expires_on, qualifying, pending_until, number)
        JOIN memberships_enrolment wallet ON wallet.id = asked.enrolment_id
        WHERE NOT EXISTS (
            SELECT FROM memberships_pointsentry entry
            WHERE entry.member_id = wallet.member_id AND entry.key = asked.key
        )
        -- Lots are numbered as they were asked for: of two that expire together the first is spent first.
        ORDER BY asked.number
    ) AS listed
), lots AS (
    INSERT INTO memberships_pointslot
        (id, member_id, enrolment_id, points, remaining, earned_on, expires_on, pending_until, qualifying)
    SELECT lot_id, member_id, enrolment_id, points, points, %(on)s, expires_on, pending_until,
        CASE WHEN is_pending THEN qualifying ELSE 0 END
    FROM fresh
    WHERE lot_id IS NOT NULL
), entries AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, qualifying, debit, credit, lot_id, "on", at, actor_id, reason)
    SELECT member_id, enrolment_id, key, CASE WHEN is_pending THEN 'accrue' ELSE 'earn' END, points,
        CASE WHEN is_pending THEN 0 ELSE qualifying END, 'issued',
        CASE WHEN is_pending THEN 'pending' ELSE 'liability' END, lot_id, %(on)s, %(at)s, %(actor)s, %(reason)s
    FROM fresh
    RETURNING enrolment_id, kind, points
), earned AS (
    SELECT enrolment_id, count(*) AS grants,
        coalesce(sum(points) FILTER (WHERE kind = 'earn'), 0)::bigint AS points,
        coalesce(sum(points) FILTER (WHERE kind = 'accrue'), 0)::bigint AS pending
    FROM entries
    GROUP BY enrolment_id
), credited AS (
    UPDATE memberships_enrolment wallet
    SET balance = wallet.balance + earned.points, pending = wallet.pending + earned.pending,
        -- Whoever earns is active, where inactivity ends a wallet's points.
        idle_on = greatest(wallet.idle_on, memberships_idle_on(wallet.programme_id, %(on)s))
    FROM earned
    WHERE wallet.id = earned.enrolment_id
    RETURNING earned.grants
)
SELECT coalesce(sum(grants), 0)::bigint FROM credited
