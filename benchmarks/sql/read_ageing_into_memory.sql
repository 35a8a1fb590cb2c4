-- Read what ageing touches into the shared buffers: lines, invoices, entries, firms and their indexes, and the copies that
-- the limit works on. Needs the extension pg_prewarm.
SELECT sum(pg_prewarm(relation.oid))
FROM pg_class relation
LEFT JOIN pg_index index ON index.indexrelid = relation.oid
WHERE coalesce(index.indrelid, relation.oid) IN (
    'credit_creditline'::regclass, 'credit_invoice'::regclass, 'memberships_enterprisecustomer'::regclass,
    to_regclass('bench_invoice'), to_regclass('bench_line')
) OR relation.oid = 'creditentry_ageing'::regclass
