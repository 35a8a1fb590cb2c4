-- The tables (of those named) that have been given keys after the last one that a digest covers, with that key; NULL
-- where none covers any. Reads the sequences, so that a table to which nothing came costs nothing.
SELECT grown.name, covered.last_key
FROM unnest(%(tables)s::text[], %(keys)s::text[]) AS grown (name, key)
LEFT JOIN LATERAL (
    SELECT last_key FROM operations_auditdigestpart WHERE table_name = grown.name ORDER BY first_key DESC LIMIT 1
) AS covered ON true
WHERE coalesce(pg_sequence_last_value(pg_get_serial_sequence(grown.name, grown.key)::regclass), 0)
      > coalesce(covered.last_key, 0)
