-- The first day on which all points of a wallet are gone, when its last earn or spend was on a day: so many months
-- later, at the end of the month. NULL where the programme's points do not end by inactivity.
CREATE OR REPLACE FUNCTION memberships_idle_on(programme bigint, active_on date)
RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
SELECT memberships_points_day_gone('months', policy.expiry_months, NULL, NULL, NULL, active_on)
FROM memberships_pointspolicy policy
WHERE policy.programme_id = programme AND policy.expiry = 'inactivity'
$function$;
