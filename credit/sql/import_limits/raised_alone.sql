-- What lines may owe, together, that a person granted or raised by files since a business date without anybody's approval;
-- without the files that are being applied, which are weighed whole. Reads the versions of the days by index.
SELECT coalesce(sum(version."limit"), 0)
FROM credit_lineversion version
WHERE version.at >= %(since)s::timestamp AT TIME ZONE 'Asia/Shanghai' AND version.maker_id = %(user)s
    AND version.checker_id IS NULL AND version.evidence ? 'import'
    AND (version.evidence ->> 'import')::bigint <> ALL(%(pending)s::bigint[])
    AND NOT EXISTS (
        SELECT FROM credit_lineversion before
        WHERE before.line_id = version.line_id AND before.number = version.number - 1
            AND before."limit" >= version."limit" AND before.terms = version.terms
    )
