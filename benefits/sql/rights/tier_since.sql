-- The day on which a wallet began to stand on a rank or above, without a break up to `day`: who climbs on from it, or
-- comes back to it from above, has had the right all the time. NULL: it does not stand so high.
CREATE OR REPLACE FUNCTION benefits_tier_since(wallet bigint, ladder bigint, lowest integer, day date)
RETURNS date
LANGUAGE sql STABLE AS $function$
SELECT min(reached."on")
FROM (
    SELECT step."on", tier.rank, max(step.id) FILTER (WHERE tier.rank < lowest) OVER () AS last_below, step.id
    FROM memberships_tierchange step
    JOIN memberships_tier tier ON tier.id = step.to_tier_id
    WHERE step.enrolment_id = wallet AND step.group_id = ladder AND step.kind <> 'kept' AND step."on" <= day
) AS reached
WHERE reached.id > coalesce(reached.last_below, 0)
$function$;
