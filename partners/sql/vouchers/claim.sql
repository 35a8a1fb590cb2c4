-- A code for each new grant of a benefit that a partner gives codes for on the day it is given: those that end first come
-- first, and none that is over on that day. Its fulfilment is active at once, since the member has all there is to have.
-- Too few codes left: what was redeemed or is a gift is refused, so that there is no grant and no redemption
-- (stock_exhausted). What follows a right is given all the same: codes go in the order of the grants, which by night is
-- that of the members' numbers, and who is left without one waits, requested, to be served when there are codes again
-- (serve.sql). A code is for one use, and a fulfilment holds one, so a grant of several at once is refused as a number
-- that cannot be booked.
--
-- Locks offer by offer, in the order of their keys, the codes that it takes; codes that others are taking are passed over,
-- so that a night's hundred thousand and the redemptions of the day do not wait for each other. Only who redeems a single
-- code, and finds all that are left being taken, waits for those who take them: one of them may yet be refused. A lock stays
-- on a code that turned out to be taken, so the first look's locks, in no order among those who wait, are let go before the
-- wait: from then on they lock in the order of the codes, and nobody waits in a circle.
-- Set-based: one round of an offer, however many grants. PostgreSQL keeps the plan of the first statement that fires it, of
-- one grant or of a hundred thousand: so arrays go side by side, and codes are looked up by their key.
CREATE OR REPLACE FUNCTION partners_claim_codes() RETURNS trigger
LANGUAGE plpgsql AS $function$
DECLARE
    wanted record;
    codes bigint[];
BEGIN
    FOR wanted IN
        SELECT
            offer.id AS offer_id, offer.partner_id, grant_.given_on AS day, count(*) AS count,
            grant_.rule_id IS NOT NULL AND grant_.redemption_id IS NULL AS can_wait,
            array_agg(grant_.id ORDER BY grant_.id) AS grants, array_agg(grant_.member_id ORDER BY grant_.id) AS members,
            array_agg(grant_.given_at ORDER BY grant_.id) AS moments, max(grant_.quantity) AS most
        FROM new_grants grant_
        JOIN partners_offer offer ON offer.benefit_id = grant_.benefit_id AND offer.mode = 'vouchers'
            AND offer.starts_on <= grant_.given_on AND (offer.ends_on IS NULL OR offer.ends_on >= grant_.given_on)
        WHERE grant_.state IN ('live', 'in_grace')
        GROUP BY offer.id, offer.partner_id, grant_.given_on, can_wait
        ORDER BY offer.id, grant_.given_on
    LOOP
        IF wanted.most > 1 THEN
            RAISE EXCEPTION 'a use is one code, not %', wanted.most USING ERRCODE = 'numeric_value_out_of_range';
        END IF;
        BEGIN
            codes := ARRAY(
                SELECT id
                FROM partners_vouchercode
                WHERE offer_id = wanted.offer_id AND state = 'available'
                    AND (expires_on IS NULL OR expires_on >= wanted.day)
                ORDER BY expires_on, id
                LIMIT wanted.count
                FOR NO KEY UPDATE SKIP LOCKED
            );
            IF cardinality(codes) = 0 AND wanted.count = 1 AND NOT wanted.can_wait THEN
                RAISE no_data_found;
            END IF;
        EXCEPTION WHEN no_data_found THEN
            codes := ARRAY(
                SELECT id
                FROM partners_vouchercode
                WHERE offer_id = wanted.offer_id AND state = 'available'
                    AND (expires_on IS NULL OR expires_on >= wanted.day)
                ORDER BY expires_on, id
                LIMIT 1
                FOR NO KEY UPDATE
            );
        END;
        IF cardinality(codes) < wanted.count AND NOT wanted.can_wait THEN
            RAISE EXCEPTION 'offer % has too few codes', wanted.offer_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_exhausted';
        END IF;

        WITH numbered AS MATERIALIZED (
            -- Who is left without a code has none (NULL) beside it.
            SELECT nextval('partners_fulfilment_id_seq'::regclass) AS id, side.*
            FROM unnest(wanted.grants, wanted.members, wanted.moments, codes)
                AS side (grant_id, member_id, given_at, code_id)
        ), fulfilment AS (
            INSERT INTO partners_fulfilment (
                id, member_id, grant_id, offer_id, partner_id, key, wanted, state, reference, sequence, requested_on,
                requested_at, activated_on, error
            )
            SELECT
                id, member_id, grant_id, wanted.offer_id, wanted.partner_id,
                -- As in fulfilments/order_granted.sql.
                'f' || id || '-' || left(replace(gen_random_uuid()::text, '-', ''), 12),
                'active', CASE WHEN code_id IS NULL THEN 'requested' ELSE 'active' END, '', 0, wanted.day, given_at,
                CASE WHEN code_id IS NOT NULL THEN wanted.day END, ''
            FROM numbered
        ), event AS (
            INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, kind, state, attempt, detail, "on", at)
            SELECT member_id, id, 'wanted', 'active', 0, '', wanted.day, given_at FROM numbered
        )
        UPDATE partners_vouchercode code
        SET state = 'claimed', fulfilment_id = numbered.id, claimed_at = numbered.given_at
        FROM numbered
        WHERE code.id = numbered.code_id;
    END LOOP;
    RETURN NULL;
END
$function$;

CREATE TRIGGER partners_claim_codes AFTER INSERT ON benefits_grant
REFERENCING NEW TABLE AS new_grants
FOR EACH STATEMENT EXECUTE FUNCTION partners_claim_codes();
