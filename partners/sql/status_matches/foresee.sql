-- Note what a night would make of the matches of a range of ids, as items of a dry run.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, match_id, member_id, kind, 1, seen, 'foreseen'
FROM partners_match_changes(%(first)s, %(last)s, %(on)s, %(lead)s)
