-- Fulfilments follow their grants: what is wanted becomes what the grant's state says, and the next command is queued
-- where none is open (else when that one is answered). One that was given up is taken up again to be revoked.
-- Locks the fulfilments (FOR NO KEY UPDATE) in the order of their keys; whoever changes a grant holds it.
-- May run twice: what is wanted already changes nothing. The instant is that of the transaction: a grant's change names
-- its day only.
-- PostgreSQL keeps the plan of the first statement that fires it, be it of one grant or of a hundred thousand; so each
-- grant's fulfilment is looked up by itself (OFFSET 0: no other way round), which is right for both.
CREATE OR REPLACE FUNCTION partners_follow_grants() RETURNS trigger
LANGUAGE plpgsql AS $function$
DECLARE
    moved bigint[];
    change record;
BEGIN
    moved := ARRAY(
        SELECT fulfilment.id
        FROM new_grants grant_
        CROSS JOIN LATERAL (
            SELECT found.id, found.wanted, found.offer_id
            FROM partners_fulfilment found
            WHERE found.grant_id = grant_.id
            OFFSET 0
        ) AS fulfilment
        CROSS JOIN LATERAL (
            SELECT found.mode, found.suspends_in_grace FROM partners_offer found WHERE found.id = offer_id OFFSET 0
        ) AS offer
        WHERE offer.mode <> 'vouchers'
            AND fulfilment.wanted <> partners_wanted(grant_.state, offer.suspends_in_grace)
        ORDER BY fulfilment.id
    );
    IF cardinality(moved) = 0 THEN
        RETURN NULL;
    END IF;
    PERFORM FROM partners_fulfilment WHERE id = ANY(moved) ORDER BY id FOR NO KEY UPDATE;

    FOR change IN
        WITH followed AS (
            SELECT asked.id, found.*
            FROM unnest(moved) AS asked (id)
            CROSS JOIN LATERAL (
                SELECT
                    offer.mode = 'reported' AS is_reported,
                    partners_wanted(grant_.state, offer.suspends_in_grace) AS wanted,
                    coalesce(
                        grant_.ended_on, grant_.used_on, (transaction_timestamp() AT TIME ZONE 'Asia/Shanghai')::date
                    ) AS day
                FROM partners_fulfilment fulfilment
                JOIN benefits_grant grant_ ON grant_.id = fulfilment.grant_id
                JOIN partners_offer offer ON offer.id = fulfilment.offer_id
                WHERE fulfilment.id = asked.id
                OFFSET 0
            ) AS found
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
            WHERE fulfilment.id = followed.id
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
REFERENCING NEW TABLE AS new_grants
FOR EACH STATEMENT EXECUTE FUNCTION partners_follow_grants();
