-- The words of a payer's reference that may be numbers of invoices, as they stand and in capitals: runs of letters,
-- digits, hyphens and underscores, and such runs joined by / . : or #. The whole text is one, too, for numbers with other
-- signs in them. Reads nothing.
CREATE OR REPLACE FUNCTION credit_reference_tokens(reference text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT coalesce(array_agg(DISTINCT word), '{}')
    FROM (
        SELECT run FROM regexp_split_to_table(reference, '[^A-Za-z0-9_./#:-]+') run
        UNION ALL
        SELECT part
        FROM regexp_split_to_table(reference, '[^A-Za-z0-9_-]+') part
        WHERE reference ~ '[./#:]'
        UNION ALL
        SELECT btrim(reference)
    ) found,
    LATERAL (VALUES (btrim(run, './#:-_')), (upper(btrim(run, './#:-_')))) AS words (word)
    WHERE length(word) BETWEEN 3 AND 48
$function$;
