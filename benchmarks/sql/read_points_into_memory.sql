-- Read what a night of points touches into the shared buffers: wallets, lots, and all their indexes and the entries'.
-- Needs the extension pg_prewarm.
SELECT sum(pg_prewarm(relation.oid))
FROM pg_class relation
LEFT JOIN pg_index index ON index.indexrelid = relation.oid
WHERE relation.oid IN ('memberships_enrolment'::regclass, 'memberships_pointslot'::regclass)
    OR index.indrelid IN (
        'memberships_enrolment'::regclass, 'memberships_pointslot'::regclass, 'memberships_pointsentry'::regclass
    )
