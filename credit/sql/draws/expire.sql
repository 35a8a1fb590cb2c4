-- Let go of what the locked lines (lock_expiring.sql) of a range hold for too long: an entry for each authorisation, which
-- moves what the line holds; what was captured of it stays. Of an approved dry run, only lines that are as it saw them.
-- Returns the lines. May run twice: what has ended is not found.
WITH due AS MATERIALIZED (
    SELECT due.line_id
    FROM credit_expiring(%(on)s, %(first)s, %(last)s) AS due
    WHERE due.line_id = ANY(%(locked)s::bigint[]) AND (%(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = due.line_id AND item.seen = due.seen
    ))
),
ended AS (
    UPDATE credit_authorisation held
    SET state = 'expired', ended_on = %(on)s
    FROM due
    WHERE held.line_id = due.line_id AND held.state = 'held' AND held.expires_on <= %(on)s
    RETURNING held.id, held.member_id, held.line_id, held.amount - held.captured AS amount
)
INSERT INTO credit_creditentry
    (member_id, line_id, key, kind, debit, credit, amount, authorisation_id, "on", at, actor_id, reason)
SELECT member_id, line_id, 'expire:' || id, 'release', 'commitments', 'authorised', amount, id, %(on)s, %(at)s,
    %(actor)s, ''
FROM ended
ORDER BY id
RETURNING line_id
