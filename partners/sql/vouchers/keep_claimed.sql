-- A use whose code the member was told does not come back (grant_claimed): they may use the code all the same. It can
-- once somebody has voided the code by hand, which they do when the partner takes it back.
-- Reads only.
CREATE OR REPLACE FUNCTION partners_keep_claimed() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM
    FROM new_redemptions redemption
    JOIN benefits_grant grant_ ON grant_.redemption_id = redemption.id
    JOIN partners_fulfilment fulfilment ON fulfilment.grant_id = grant_.id
    JOIN partners_vouchercode code ON code.fulfilment_id = fulfilment.id
    WHERE redemption.state = 'returned' AND code.voided_by_id IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'the code was told' USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_claimed';
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER partners_keep_claimed AFTER UPDATE ON benefits_redemption
REFERENCING NEW TABLE AS new_redemptions
FOR EACH STATEMENT EXECUTE FUNCTION partners_keep_claimed();
