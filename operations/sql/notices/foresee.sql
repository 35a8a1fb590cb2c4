-- Note for a dry run who of a range would be told: an item each. `place` is the kind's among the kinds there are, so that
-- two kinds may tell the same record. Inserts items of the run; locks nothing. May run twice: an item is written once.
INSERT INTO operations_runitem (run_id, key, owner, kind, seen, outcome)
SELECT %(run)s, found.id * %(places)s + %(place)s, found.owner, left(%(kind)s, 32),
    hashtextextended(found.key || found.facts::text, 0), 'foreseen'
FROM {function}(%(on)s, %(days)s, %(first)s, %(last)s) AS found
WHERE found.until >= %(today)s AND NOT EXISTS (
    SELECT FROM operations_notice told WHERE told.owner = found.owner AND told.key = found.key
)
ON CONFLICT (run_id, key) DO NOTHING
