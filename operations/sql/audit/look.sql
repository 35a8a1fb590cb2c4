-- What one table of the trail holds of some spans of time: the newest %(size)s rows (key, instant) before a place, and
-- in a last row without key how many rows were looked at. The names in braces are the table's (services/trail.py);
-- NULL stands for a column that it does not have.
-- Reads only. Time is found by the BRIN index of the instant, a record and an owner by theirs. Of each table %(most)s
-- rows are looked at, however much happened: where there were as many, the caller asks for a shorter time.
WITH looked AS MATERIALIZED (
    SELECT entry.*
    FROM unnest(%(firsts)s::timestamptz[], %(lasts)s::timestamptz[]) AS span (first, last),
    LATERAL (
        SELECT {key} AS key, {at} AS at, {context}::uuid AS context, {actor}::bigint AS actor, {reason}::text AS reason,
               {owner}::bigint AS owner
        FROM {table}
        WHERE {at} >= span.first AND {at} <= span.last
          AND ({at}, {key}) < (%(until)s::timestamptz, %(edge)s::bigint)
          AND (%(record)s::bigint IS NULL OR {record} = %(record)s::bigint)
          AND (%(indexed_owner)s::bigint IS NULL OR {owner} = %(indexed_owner)s::bigint)
    ) AS entry
    LIMIT %(most)s
),
found AS (
    SELECT key, at
    FROM looked
    WHERE (%(owner)s::bigint IS NULL OR owner = %(owner)s::bigint)
      AND (%(contexts)s::uuid[] IS NULL OR context = ANY (%(contexts)s::uuid[]))
      AND (%(actor)s::bigint IS NULL OR actor = %(actor)s::bigint)
      AND (%(reason)s::text IS NULL OR reason ILIKE %(reason)s::text)
    ORDER BY at DESC, key DESC
    LIMIT %(size)s
)
SELECT key, at FROM found
UNION ALL
SELECT NULL, to_timestamp(count(*)) FROM looked
