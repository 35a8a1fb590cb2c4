-- The last day of the return window of a lot that is earned on a day: NULL where the programme has no window.
CREATE OR REPLACE FUNCTION memberships_points_pending_until(programme bigint, earned_on date)
RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
SELECT earned_on + policy.pending_days
FROM memberships_pointspolicy policy
WHERE policy.programme_id = programme AND policy.pending_days > 0
$function$;
