-- A fulfilment for each new grant of a benefit that a partner has an offer of on the day it is given, with its first
-- command and an event; what the partner itself reports is active at once, and nothing is ordered. Codes are claimed by
-- a trigger of their own.
-- Set-based: a night gives a hundred thousand in one statement. Locks nothing but what it inserts. Each grant's
-- offer is looked up by itself, as in follow_grants.sql.
CREATE OR REPLACE FUNCTION partners_order_granted() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    WITH granted AS (
        SELECT
            grant_.id AS grant_id, grant_.member_id, grant_.given_on, grant_.given_at, offer.id AS offer_id,
            offer.partner_id, offer.mode, offer.mode = 'reported' AS is_reported,
            partners_wanted(grant_.state, offer.suspends_in_grace) AS wanted
        FROM new_grants grant_
        CROSS JOIN LATERAL (
            SELECT found.id, found.partner_id, found.mode, found.suspends_in_grace
            FROM partners_offer found
            WHERE found.benefit_id = grant_.benefit_id AND found.starts_on <= grant_.given_on
                AND (found.ends_on IS NULL OR found.ends_on >= grant_.given_on)
            OFFSET 0
        ) AS offer
        WHERE offer.mode <> 'vouchers' AND grant_.state IN ('live', 'in_grace')
        ORDER BY grant_.id
    ), numbered AS MATERIALIZED (
        SELECT nextval('partners_fulfilment_id_seq'::regclass) AS id, granted.* FROM granted
    ), fulfilment AS (
        INSERT INTO partners_fulfilment (
            id, member_id, grant_id, offer_id, partner_id, key, wanted, state, reference, sequence, requested_on,
            requested_at, activated_on, error
        )
        SELECT
            id, member_id, grant_id, offer_id, partner_id,
            -- The first twelve digits of a random UUID are random, all of them.
            'f' || id || '-' || left(replace(gen_random_uuid()::text, '-', ''), 12),
            wanted, CASE WHEN is_reported THEN wanted ELSE 'requested' END, '', 0, given_on, given_at,
            CASE WHEN is_reported THEN given_on END, ''
        FROM numbered
    ), command AS (
        INSERT INTO partners_command
            (member_id, fulfilment_id, partner_id, mode, number, kind, state, attempts, next_attempt_at, error, note,
             created_at)
        SELECT member_id, id, partner_id, mode, 1, 'provision', 'queued', 0, given_at, '', '', given_at
        FROM numbered
        WHERE NOT is_reported
    )
    INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, kind, state, attempt, detail, "on", at)
    SELECT member_id, id, 'wanted', wanted, 0, '', given_on, given_at FROM numbered;
    RETURN NULL;
END
$function$;

CREATE TRIGGER partners_order_granted AFTER INSERT ON benefits_grant
REFERENCING NEW TABLE AS new_grants
FOR EACH STATEMENT EXECUTE FUNCTION partners_order_granted();
