-- Bytes of the tables, alone and with their indexes.
SELECT relname, pg_table_size(oid), pg_total_relation_size(oid)
FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_total_relation_size(oid) > 1000000
ORDER BY 3 DESC
