-- Count one more failure of a name, or from an address, and lock it when there were too many within the time.
-- Returns the instant until which it is locked, or NULL. What is locked already stays so, and counts nothing.
-- Upserts one row of operations_signinlock and so locks it; who notes several does it in the order of their keys.
-- Not to be run twice: each run is one more failure.
INSERT INTO operations_signinlock AS known (kind, key, user_id, address, failures, failed_at, locked_until)
VALUES (%(kind)s, %(key)s, %(user)s, %(address)s::inet, 1, %(at)s, CASE WHEN %(limit)s <= 1 THEN %(until)s::timestamptz END)
ON CONFLICT (key) DO UPDATE SET
    failures = CASE
        WHEN known.locked_until > %(at)s THEN known.failures
        -- Those of long ago, and those of a lock that is over, are forgotten.
        WHEN known.locked_until IS NOT NULL OR known.failed_at < %(since)s THEN 1
        ELSE known.failures + 1
    END,
    failed_at = greatest(known.failed_at, %(at)s),
    locked_until = CASE
        WHEN known.locked_until > %(at)s THEN known.locked_until
        WHEN CASE WHEN known.locked_until IS NOT NULL OR known.failed_at < %(since)s THEN 1 ELSE known.failures + 1 END
            >= %(limit)s THEN %(until)s::timestamptz
    END
RETURNING locked_until
