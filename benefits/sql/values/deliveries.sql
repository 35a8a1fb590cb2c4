-- From when to when members of a range of ids had in fact what they hold without having redeemed it: by the grants' own
-- days. Without a line: never. A floor above that knows better (a partner has not provided it yet, or took it away)
-- replaces this function. Reads only.
CREATE OR REPLACE FUNCTION benefits_deliveries(first_member bigint, last_member bigint)
RETURNS TABLE (grant_id bigint, since date, until date)
LANGUAGE sql STABLE AS $function$
SELECT held.id, held.valid_from, coalesce(held.valid_until, 'infinity')
FROM benefits_grant held
WHERE held.member_id BETWEEN first_member AND last_member AND held.redemption_id IS NULL
$function$;
