-- What a point of a programme cost on a day, as its policy had it at the end of that day (Asia/Shanghai), by the trail;
-- days before the first entry go by that one. Without a policy there is no row. Reads only.
CREATE OR REPLACE FUNCTION memberships_point_costs(programme bigint)
RETURNS TABLE (unit_cost numeric, starts_on date, ends_on date)
LANGUAGE sql STABLE AS $function$
SELECT changed.unit_cost,
    CASE WHEN lag(changed.day) OVER days IS NULL THEN '-infinity'::date ELSE changed.day END,
    coalesce(lead(changed.day) OVER days - 1, 'infinity'::date)
FROM (
    SELECT DISTINCT ON (told.day) told.day, event.unit_cost
    FROM memberships_pointspolicyevent event
    CROSS JOIN LATERAL (SELECT (event.pgh_created_at AT TIME ZONE 'Asia/Shanghai')::date AS day) AS told
    WHERE event.programme_id = programme AND event.pgh_label <> 'delete'
    ORDER BY told.day, event.pgh_id DESC
) AS changed
WINDOW days AS (ORDER BY changed.day)
$function$;
