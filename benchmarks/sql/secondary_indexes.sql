-- How to drop, and how to make again, the indexes and unique keys of a table that no foreign key rests on. Reads only.
SELECT
    CASE WHEN constrained.oid IS NULL THEN format('DROP INDEX %%s', index.indexrelid::regclass)
        ELSE format('ALTER TABLE %%s DROP CONSTRAINT %%I', index.indrelid::regclass, constrained.conname) END,
    CASE WHEN constrained.oid IS NULL THEN pg_get_indexdef(index.indexrelid)
        ELSE format(
            'ALTER TABLE %%s ADD CONSTRAINT %%I %%s', index.indrelid::regclass, constrained.conname,
            pg_get_constraintdef(constrained.oid)
        ) END
FROM pg_index index
LEFT JOIN pg_constraint constrained
    ON constrained.conindid = index.indexrelid AND constrained.contype IN ('u', 'x')
WHERE index.indrelid = %(table)s::regclass AND NOT index.indisprimary
    AND NOT EXISTS (SELECT FROM pg_constraint key WHERE key.conindid = index.indexrelid AND key.contype = 'f')
ORDER BY 1
