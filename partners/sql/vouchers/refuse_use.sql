-- A coupon whose code has not come yet cannot be used: the member has nothing to show, and would wait for ever after.
-- Refused as a check_violation of the constraint "grant_without_code".
-- Reads the grant's fulfilment; whoever uses a grant holds it. Locks nothing. A code that is being given just now has not
-- come yet.
CREATE OR REPLACE FUNCTION partners_refuse_use() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    IF EXISTS (
        SELECT FROM partners_fulfilment fulfilment
        JOIN partners_offer offer ON offer.id = fulfilment.offer_id AND offer.mode = 'vouchers'
        WHERE fulfilment.grant_id = NEW.id AND fulfilment.activated_on IS NULL AND fulfilment.state = 'requested'
    ) THEN
        RAISE EXCEPTION 'grant % waits for its code', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_without_code';
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER partners_refuse_use AFTER UPDATE ON benefits_grant
FOR EACH ROW WHEN (NEW.state = 'used' AND OLD.state <> 'used') EXECUTE FUNCTION partners_refuse_use();
