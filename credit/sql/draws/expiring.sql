-- The lines of a range of which something held is over on a business date: how many authorisations, and how much they
-- hold; `seen` is a fingerprint of them. Reads authorisation_to_expire, locks nothing.
CREATE OR REPLACE FUNCTION credit_expiring(business_date date, first_line bigint, last_line bigint)
RETURNS TABLE (line_id bigint, member_id bigint, authorisations bigint, amount numeric, seen bigint)
LANGUAGE sql STABLE AS $function$
SELECT
    line_id, member_id, count(*), sum(amount - captured),
    hashtextextended(string_agg(id || ':' || captured, ',' ORDER BY id), 0)
FROM credit_authorisation
WHERE state = 'held' AND expires_on <= business_date AND line_id BETWEEN first_line AND last_line
GROUP BY line_id, member_id
$function$;
