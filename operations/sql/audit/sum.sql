-- How many rows of a table stand in a range of keys, both ends included, and the SHA-256 over them: over the SHA-256 of
-- each row's text, in the order of keys. The names in braces are the table's (services/digests.py). Of an event, who,
-- why and by which job it was made stands in its context, which is summed up with it.
-- Reads only, by the primary key. The text of a row depends on settings of the session, which the caller fixes.
SELECT count(*),
       encode(sha256(coalesce(string_agg(sha256(convert_to(line, 'UTF8')), ''::bytea ORDER BY key), ''::bytea)), 'hex')
FROM (
    SELECT entry.{key} AS key, ROW({columns})::text AS line
    FROM {table} AS entry {context}
    WHERE entry.{key} BETWEEN %(first)s AND %(last)s
) AS lines
