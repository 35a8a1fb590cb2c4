-- Whether two wallets are of the same store of a programme, whichever records of the firm they belong to. Reads only.
CREATE OR REPLACE FUNCTION memberships_same_store(one bigint, other bigint)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN EXISTS (
        SELECT
        FROM memberships_enrolment a
        JOIN memberships_enrolment b ON (b.programme_id, b.scope) = (a.programme_id, a.scope)
        WHERE a.id = one AND b.id = other
    );
END
$function$;
