-- The transactions, but for this one, that have written or may write to a table and have not ended. A statement locks
-- its table before it takes keys from the sequence, and keeps the lock to the end of its transaction: whoever has been
-- given a key and has not committed is among them. Reads the locks, and waits for nobody.
SELECT DISTINCT virtualtransaction
FROM pg_locks
WHERE locktype = 'relation'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND relation = %(table)s::regclass
  AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND granted
  AND pid IS DISTINCT FROM pg_backend_pid()
