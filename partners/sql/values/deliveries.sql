-- From when to when members of a range of ids had in fact what they hold without having redeemed it. This floor's word on
-- it, in the place of that of the floor below (benefits/sql/values/deliveries.sql): what a partner is to provide counts
-- from the day on which it was active there to the day before it was revoked, and not at all where it never was.
-- Reads only.
CREATE OR REPLACE FUNCTION benefits_deliveries(first_member bigint, last_member bigint)
RETURNS TABLE (grant_id bigint, since date, until date)
LANGUAGE sql STABLE AS $function$
SELECT held.id, coalesce(fulfilment.activated_on, held.valid_from),
    least(coalesce(held.valid_until, 'infinity'), coalesce(fulfilment.revoked_on - 1, 'infinity'))
FROM benefits_grant held
LEFT JOIN partners_fulfilment fulfilment ON fulfilment.grant_id = held.id
    AND fulfilment.member_id BETWEEN first_member AND last_member
WHERE held.member_id BETWEEN first_member AND last_member AND held.redemption_id IS NULL
    AND (fulfilment.id IS NULL OR fulfilment.activated_on IS NOT NULL)
$function$;
