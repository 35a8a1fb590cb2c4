-- The first day without the points of a lot that is earned on a day, by its programme's policy: NULL where the lot has
-- no day of its own. Points that would be over before their return window is are counted from the window's last day.
-- One row is read: of many lots, ask once for each day on which they were earned.
CREATE OR REPLACE FUNCTION memberships_points_expire_on(programme bigint, earned_on date)
RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
SELECT CASE
    WHEN own.gone_on > own.pending_until THEN own.gone_on
    ELSE memberships_points_day_gone(
        own.expiry, own.expiry_months, own.expiry_month, own.expiry_day, own.expiry_years, own.pending_until
    )
END
FROM (
    SELECT policy.*, earned_on + policy.pending_days AS pending_until, memberships_points_day_gone(
        policy.expiry, policy.expiry_months, policy.expiry_month, policy.expiry_day, policy.expiry_years, earned_on
    ) AS gone_on
    FROM memberships_pointspolicy policy
    WHERE policy.programme_id = programme
) AS own
$function$;
