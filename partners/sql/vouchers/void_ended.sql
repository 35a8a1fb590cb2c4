-- A grant that ended takes its code along: the member was shown it, so it is void, and given to nobody again. What was
-- used keeps its code; a card in grace changes nothing, since a code cannot rest.
-- Locks the fulfilments in the order of their keys, then their codes. May run twice: what is void stays as it is. The
-- instant is that of the transaction: a grant names its day only.
CREATE OR REPLACE FUNCTION partners_void_ended_codes() RETURNS trigger
LANGUAGE plpgsql AS $function$
DECLARE
    revoked bigint[];
BEGIN
    -- Each grant's fulfilment is looked up by itself, for the reason told in fulfilments/follow_grants.sql.
    revoked := ARRAY(
        SELECT fulfilment.id
        FROM new_grants grant_
        CROSS JOIN LATERAL (
            SELECT found.id, found.offer_id, found.state
            FROM partners_fulfilment found
            WHERE found.grant_id = grant_.id
            OFFSET 0
        ) AS fulfilment
        CROSS JOIN LATERAL (SELECT found.mode FROM partners_offer found WHERE found.id = offer_id OFFSET 0) AS offer
        WHERE grant_.state = 'ended' AND offer.mode = 'vouchers' AND fulfilment.state <> 'revoked'
        ORDER BY fulfilment.id
    );
    IF cardinality(revoked) = 0 THEN
        RETURN NULL;
    END IF;
    PERFORM FROM partners_fulfilment WHERE id = ANY(revoked) ORDER BY id FOR NO KEY UPDATE;

    WITH ended AS MATERIALIZED (
        SELECT asked.id, found.*
        FROM unnest(revoked) AS asked (id)
        CROSS JOIN LATERAL (
            SELECT fulfilment.member_id, grant_.ended_on, grant_.end_reason
            FROM partners_fulfilment fulfilment
            JOIN benefits_grant grant_ ON grant_.id = fulfilment.grant_id
            WHERE fulfilment.id = asked.id
            OFFSET 0
        ) AS found
    ), code AS (
        UPDATE partners_vouchercode code
        SET state = 'void', void_reason = coalesce(nullif(ended.end_reason, ''), 'right_ended'),
            voided_at = transaction_timestamp()
        FROM ended
        WHERE code.fulfilment_id = ended.id AND code.state = 'claimed'
    ), fulfilment AS (
        UPDATE partners_fulfilment fulfilment
        SET wanted = 'revoked', state = 'revoked', revoked_on = ended.ended_on
        FROM ended
        WHERE fulfilment.id = ended.id
        RETURNING fulfilment.id, fulfilment.member_id, ended.ended_on
    )
    INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, kind, state, attempt, detail, "on", at)
    SELECT member_id, id, 'wanted', 'revoked', 0, '', ended_on, transaction_timestamp() FROM fulfilment ORDER BY id;
    RETURN NULL;
END
$function$;

CREATE TRIGGER partners_void_ended_codes AFTER UPDATE ON benefits_grant
REFERENCING NEW TABLE AS new_grants
FOR EACH STATEMENT EXECUTE FUNCTION partners_void_ended_codes();
