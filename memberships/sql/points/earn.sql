-- Book a list of grants: a lot and an entry each, and the balances. Returns how many were new.
-- Touches the lots and entries it makes and the wallets of the list, which the caller has locked in key order.
-- May run twice: a grant whose key the member's ledger has is left out.
WITH fresh AS MATERIALIZED (
    SELECT listed.*, nextval(pg_get_serial_sequence('memberships_pointslot', 'id')) AS lot_id
    FROM (
        SELECT wallet.member_id, wallet.id AS enrolment_id, asked.points, asked.key, asked.expires_on
        FROM unnest(%(enrolments)s::bigint[], %(points)s::bigint[], %(keys)s::text[], %(expires_on)s::date[])
            WITH ORDINALITY AS asked (enrolment_id, points, key, expires_on, number)
        JOIN memberships_enrolment wallet ON wallet.id = asked.enrolment_id
        WHERE NOT EXISTS (
            SELECT FROM memberships_pointsentry entry
            WHERE entry.member_id = wallet.member_id AND entry.key = asked.key
        )
        -- Lots are numbered as they were asked for: of two that expire together the first is spent first.
        ORDER BY asked.number
    ) AS listed
), lots AS (
    INSERT INTO memberships_pointslot (id, member_id, enrolment_id, points, remaining, earned_on, expires_on)
    SELECT lot_id, member_id, enrolment_id, points, points, %(on)s, expires_on FROM fresh
), entries AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, debit, credit, lot_id, "on", at, actor_id, reason)
    SELECT member_id, enrolment_id, key, 'earn', points, 'issued', 'liability', lot_id, %(on)s, %(at)s, %(actor)s,
        %(reason)s
    FROM fresh
    RETURNING enrolment_id, points
), earned AS (
    SELECT enrolment_id, sum(points)::bigint AS points, count(*) AS grants FROM entries GROUP BY enrolment_id
), credited AS (
    UPDATE memberships_enrolment wallet
    SET balance = wallet.balance + earned.points
    FROM earned
    WHERE wallet.id = earned.enrolment_id
    RETURNING earned.grants
)
SELECT coalesce(sum(grants), 0)::bigint FROM credited
