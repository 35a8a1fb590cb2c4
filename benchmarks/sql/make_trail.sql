-- As many events of members as asked for, over the 30 days before an instant: half of them within one hour of one night,
-- by an import; the others evenly. A thousand events of a run share a context; by day every 200th event was made by one
-- of 300 operators, for a reason, and in the hour of the import every 20,000th. Triggers are off: this is the trail itself.
CREATE TEMPORARY TABLE happened ON COMMIT DROP AS
SELECT n, n %% CASE WHEN n <= %(rows)s / 2 THEN 20000 ELSE 200 END = 0 AS is_by_hand,
       %(since)s::timestamptz + CASE
           WHEN n <= %(rows)s / 2 THEN interval '10 days' + interval '1 hour' * n * 2 / %(rows)s
           ELSE interval '30 days' * (n - %(rows)s / 2) * 2 / %(rows)s
       END AS at
FROM generate_series(1, %(rows)s) AS n;

INSERT INTO pghistory_context (id, created_at, updated_at, metadata)
SELECT md5(n::text)::uuid, at, at,
       CASE WHEN is_by_hand THEN jsonb_build_object('user', 1000 + n / 200 %% 300, 'reason', 'call ' || n, 'url', '/')
            ELSE jsonb_build_object('job', 'apply_import', 'run', n / 100000, 'chunk', n / 1000) END
FROM happened
WHERE is_by_hand OR n %% 1000 = 1;

INSERT INTO operations_jobrun (id, job, business_date, scope, state, total, done, failed, error, requested_at, finished_at)
SELECT n / 100000, 'apply_import', max(at)::date, n / 100000, 'succeeded', 0, 0, 0, '', min(at), max(at)
FROM happened
WHERE n >= 100000
GROUP BY n / 100000;

INSERT INTO memberships_memberevent (pgh_created_at, pgh_label, pgh_context_id, pgh_obj_id, id, kind, joined_on)
SELECT at + interval '5 milliseconds', 'update', md5((CASE WHEN is_by_hand THEN n ELSE n - (n - 1) %% 1000 END)::text)::uuid,
       n %% 5000000 + 1, n %% 5000000 + 1, 'person', date '2026-01-01'
FROM happened
ORDER BY at
