-- The ageing of each customer of whom something was open at the end of a day, of all programmes (NULL) or one: in all, and
-- by buckets. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_customers_on(day date, programme bigint)
RETURNS TABLE (
    member_id bigint, total numeric, bucket_0 numeric, bucket_1 numeric, bucket_2 numeric, bucket_3 numeric,
    bucket_4 numeric
)
LANGUAGE sql STABLE AS $function$
SELECT
    part.member_id, sum(part.amount),
    coalesce(sum(part.amount) FILTER (WHERE credit_bucket(part.due_on, day) = 0), 0),
    coalesce(sum(part.amount) FILTER (WHERE credit_bucket(part.due_on, day) = 1), 0),
    coalesce(sum(part.amount) FILTER (WHERE credit_bucket(part.due_on, day) = 2), 0),
    coalesce(sum(part.amount) FILTER (WHERE credit_bucket(part.due_on, day) = 3), 0),
    coalesce(sum(part.amount) FILTER (WHERE credit_bucket(part.due_on, day) = 4), 0)
FROM credit_open_on(day) AS part
WHERE programme IS NULL OR part.line_id IN (SELECT id FROM credit_creditline WHERE programme_id = programme)
GROUP BY part.member_id
HAVING sum(part.amount) <> 0
$function$;
