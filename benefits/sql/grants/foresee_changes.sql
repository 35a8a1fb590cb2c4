-- Note the members of a range of ids for whom something would be given or ended, as items of a dry run: an item is a
-- member, its amount so many grants.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, member_id, member_id, CASE WHEN count(DISTINCT kind) = 1 THEN min(kind) ELSE 'several' END, count(*),
    min(seen), 'foreseen'
FROM benefits_grant_changes(%(first)s, %(last)s, %(on)s)
GROUP BY member_id
