-- The number that people know a member by: the key and a Luhn digit, as operations/owners.py has it. Reads nothing.
CREATE OR REPLACE FUNCTION memberships_number_of(member bigint)
RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $function$
DECLARE
    digits text := lpad(member::text, greatest(10, length(member::text)), '0');
    total integer;
BEGIN
    -- From the right, every other digit counts twice, as the sum of its digits.
    SELECT sum(CASE WHEN place % 2 = 1 THEN digit * 2 - CASE WHEN digit > 4 THEN 9 ELSE 0 END ELSE digit END)
    INTO total
    FROM (
        SELECT place, substr(digits, length(digits) + 1 - place, 1)::integer AS digit
        FROM generate_series(1, length(digits)) AS place
    ) AS counted;
    RETURN digits || (10 - total % 10) % 10;
END
$function$;
