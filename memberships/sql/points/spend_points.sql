-- Spend points of a wallet: the earliest expiry first, lots that never expire last, of two that expire together the
-- older. What became of it: `spent`, or `repeated`, `conflicting` (the key has another body), `lacking` or `absent`.
-- Locks the wallet's row, then writes an entry, its draws, the lots drawn from and the wallet. It looks at the lots by
-- another statement than the one that waits for the lock, so that it sees what others did meanwhile.
-- May run twice: an entry is booked once under its key.
CREATE OR REPLACE FUNCTION memberships_spend_points(
    wallet_id bigint, asked bigint, spend_key text, spend_on date, spend_at timestamptz, spender bigint, why text,
    OUT outcome text, OUT entry_id bigint, OUT spendable bigint
)
LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    wallet memberships_enrolment%ROWTYPE;
    first memberships_pointsentry%ROWTYPE;
BEGIN
    SELECT * INTO wallet FROM memberships_enrolment WHERE id = wallet_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'absent';
        RETURN;
    END IF;

    SELECT * INTO first FROM memberships_pointsentry WHERE member_id = wallet.member_id AND key = spend_key;
    IF FOUND THEN
        entry_id := first.id;
        outcome := CASE
            WHEN (first.enrolment_id, first.kind, first.points) = (wallet_id, 'spend', -asked) THEN 'repeated'
            ELSE 'conflicting'
        END;
        RETURN;
    END IF;

    WITH ends_later AS (
        SELECT id, expires_on, remaining
        FROM memberships_pointslot
        WHERE enrolment_id = wallet_id AND expires_on > spend_on AND remaining > 0 AND pending_until IS NULL
        UNION ALL
        SELECT id, expires_on, remaining
        FROM memberships_pointslot
        WHERE enrolment_id = wallet_id AND expires_on IS NULL AND remaining > 0 AND pending_until IS NULL
    ), lots AS MATERIALIZED (
        SELECT id, remaining,
            sum(remaining) OVER (ORDER BY expires_on ASC NULLS LAST, id)::bigint - remaining AS taken_before
        FROM ends_later lot
        -- By inactivity all of a wallet's points end.
        WHERE (wallet.idle_on IS NULL OR wallet.idle_on > spend_on)
            -- A clock may have gone wrong: what an entry expired is gone, whatever the day.
            AND NOT EXISTS (
                SELECT FROM memberships_pointsentry gone
                WHERE gone.member_id = wallet.member_id AND gone.key = 'expire:' || lot.id
            )
    ), entry AS (
        INSERT INTO memberships_pointsentry
            (member_id, enrolment_id, key, kind, points, debit, credit, "on", at, actor_id, reason)
        SELECT wallet.member_id, wallet_id, spend_key, 'spend', -asked, 'liability', 'redeemed', spend_on, spend_at,
            spender, why
        FROM lots
        HAVING sum(remaining) >= asked
        -- Another wallet of the member, which is not locked, may take the key in this moment.
        ON CONFLICT (member_id, key) DO NOTHING
        RETURNING id
    ), drawn AS (
        INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points)
        SELECT wallet.member_id, entry.id, lots.id, least(remaining, asked - taken_before)
        FROM entry
        JOIN lots ON taken_before < asked
        RETURNING lot_id, points
    ), lowered AS (
        UPDATE memberships_pointslot lot
        SET remaining = lot.remaining - drawn.points
        FROM drawn
        WHERE lot.id = drawn.lot_id
    ), debited AS (
        UPDATE memberships_enrolment
        -- Whoever spends is active, where inactivity ends a wallet's points.
        SET balance = balance - asked, idle_on = greatest(idle_on, memberships_idle_on(programme_id, spend_on))
        FROM entry
        WHERE memberships_enrolment.id = wallet_id
    )
    SELECT (SELECT id FROM entry), coalesce(sum(remaining), 0) INTO entry_id, spendable FROM lots;

    outcome := CASE
        WHEN entry_id IS NOT NULL THEN 'spent' WHEN spendable >= asked THEN 'conflicting' ELSE 'lacking'
    END;
END
$function$;
