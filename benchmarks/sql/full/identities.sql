-- Every identity column goes on after the highest key there is.
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT format('%%I.%%I', n.nspname, c.relname) AS tab, a.attname AS col
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE a.attidentity <> '' AND c.relkind = 'r' AND n.nspname = 'public'
    LOOP
        EXECUTE format(
            'SELECT setval(pg_get_serial_sequence(%%L, %%L), greatest((SELECT max(%%I) FROM %%s), 1))',
            found.tab, found.col, found.col, found.tab
        );
    END LOOP;
END $$
