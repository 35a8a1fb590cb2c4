-- Where a member was at home at the end of a day (Asia/Shanghai): a firm's province, as its audit trail has it; of days
-- before the first entry, what that one says. NULL: not known (persons).
CREATE OR REPLACE FUNCTION benefits_region_on(member bigint, day date)
RETURNS text
LANGUAGE sql STABLE AS $function$
SELECT coalesce(
    (
        SELECT entry.province
        FROM memberships_enterprisecustomerevent entry
        WHERE entry.pgh_obj_id = member
            AND entry.pgh_created_at < (day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
        ORDER BY entry.pgh_id DESC
        LIMIT 1
    ),
    (
        SELECT entry.province
        FROM memberships_enterprisecustomerevent entry
        WHERE entry.pgh_obj_id = member
        ORDER BY entry.pgh_id
        LIMIT 1
    ),
    (SELECT firm.province FROM memberships_enterprisecustomer firm WHERE firm.member_id = member)
)
$function$;
