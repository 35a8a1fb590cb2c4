-- What a line may owe on a day: the limit of the version in force (of those that have begun the last one that was made)
-- and the temporary increases of the day. 0 before its first version. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_limit_on(line bigint, day date) RETURNS numeric
LANGUAGE sql STABLE AS $function$
    SELECT coalesce((
        SELECT version."limit"
        FROM credit_lineversion version
        WHERE version.line_id = line AND version.starts_on <= day
        ORDER BY version.starts_on DESC, version.number DESC
        LIMIT 1
    ), 0) + coalesce((
        SELECT sum(increase.amount)
        FROM credit_temporaryincrease increase
        WHERE increase.line_id = line AND increase.starts_on <= day AND increase.ends_on >= day
    ), 0)
$function$;
