-- Fulfilments follow their grants: what is wanted becomes what the grant's state says, and the next command is queued
-- where none is open (else when that one is answered). One that was given up is taken up again to be revoked.
-- Locks the fulfilments (FOR NO KEY UPDATE) in the order of their keys; their grants are locked by whoever changes them.
-- May run twice: what is wanted already changes nothing. The instant is that of the transaction: a grant's change names
-- its day only.
CREATE OR REPLACE FUNCTION partners_follow_grants() RETURNS trigger
LANGUAGE plpgsql AS $function$
DECLARE
    change record;
BEGIN
    PERFORM FROM new_grants grant_ JOIN old_grants before USING (id) WHERE grant_.state <> before.state LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM
    FROM partners_fulfilment fulfilment
    JOIN new_grants grant_ ON grant_.id = fulfilment.grant_id
    JOIN old_grants before ON before.id = grant_.id
    WHERE grant_.state <> before.state
    ORDER BY fulfilment.id
    FOR NO KEY UPDATE OF fulfilment;

    FOR change IN
        WITH followed AS (
            SELECT
                fulfilment.id, offer.mode = 'reported' AS is_reported,
                CASE
                    WHEN grant_.state = 'live' THEN 'active'
                    WHEN grant_.state <> 'in_grace' THEN 'revoked'
                    WHEN offer.suspends_in_grace THEN 'suspended'
                    ELSE 'active'
                END AS wanted,
                coalesce(
                    grant_.ended_on, grant_.used_on, (transaction_timestamp() AT TIME ZONE 'Asia/Shanghai')::date
                ) AS day
            FROM partners_fulfilment fulfilment
            JOIN new_grants grant_ ON grant_.id = fulfilment.grant_id
            JOIN old_grants before ON before.id = grant_.id
            JOIN partners_offer offer ON offer.id = fulfilment.offer_id
            WHERE grant_.state <> before.state AND offer.mode <> 'vouchers'
        ), updated AS (
            UPDATE partners_fulfilment fulfilment
            SET wanted = followed.wanted,
                state = CASE WHEN is_reported THEN followed.wanted ELSE fulfilment.state END,
                revoked_on = CASE
                    WHEN is_reported THEN CASE WHEN followed.wanted = 'revoked' THEN day END
                    ELSE fulfilment.revoked_on
                END,
                dead_at = CASE WHEN followed.wanted <> 'revoked' THEN dead_at END,
                error = CASE WHEN followed.wanted <> 'revoked' THEN error ELSE '' END
            FROM followed
            WHERE fulfilment.id = followed.id AND fulfilment.wanted <> followed.wanted
            RETURNING fulfilment.id, fulfilment.member_id, fulfilment.wanted, followed.day
        ), event AS (
            INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, kind, state, attempt, detail, "on", at)
            SELECT member_id, id, 'wanted', wanted, 0, '', day, transaction_timestamp() FROM updated ORDER BY id
        )
        SELECT day, array_agg(id ORDER BY id) AS ids FROM updated GROUP BY day
    LOOP
        PERFORM partners_queue_next(change.ids, true, change.day, transaction_timestamp());
    END LOOP;
    RETURN NULL;
END
$function$;

CREATE TRIGGER partners_follow_grants AFTER UPDATE ON benefits_grant
REFERENCING OLD TABLE AS old_grants NEW TABLE AS new_grants
FOR EACH STATEMENT EXECUTE FUNCTION partners_follow_grants();
