-- The ageing of each customer of whom something was open at the end of a day, of all programmes (NULL) or one: in all, and
-- by buckets, in fen. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_customers_on(day date, programme bigint)
RETURNS TABLE (
    member_id bigint, total bigint, bucket_0 bigint, bucket_1 bigint, bucket_2 bigint, bucket_3 bigint, bucket_4 bigint
)
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
SELECT
    part.member_id, credit_sum_fen(part.fen),
    credit_sum_fen(part.fen) FILTER (WHERE part.bucket = 0), credit_sum_fen(part.fen) FILTER (WHERE part.bucket = 1),
    credit_sum_fen(part.fen) FILTER (WHERE part.bucket = 2), credit_sum_fen(part.fen) FILTER (WHERE part.bucket = 3),
    credit_sum_fen(part.fen) FILTER (WHERE part.bucket = 4)
FROM credit_open_on(day) AS part
WHERE programme IS NULL OR part.line_id IN (SELECT id FROM credit_creditline WHERE programme_id = programme)
GROUP BY part.member_id
HAVING credit_sum_fen(part.fen) <> 0
$function$;
