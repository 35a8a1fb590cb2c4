-- Read what an evaluation of tiers touches into the shared buffers: wallets, standings, and all their indexes and the
-- entries'. Needs the extension pg_prewarm.
SELECT sum(pg_prewarm(relation.oid))
FROM pg_class relation
LEFT JOIN pg_index index ON index.indexrelid = relation.oid
WHERE relation.oid IN ('memberships_enrolment'::regclass, 'memberships_tierstanding'::regclass)
    OR index.indrelid IN (
        'memberships_enrolment'::regclass, 'memberships_tierstanding'::regclass, 'memberships_pointsentry'::regclass
    )
