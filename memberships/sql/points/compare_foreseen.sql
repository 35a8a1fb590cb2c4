-- Say of each item of an approved dry run, in a range of wallets, what becomes of it: done where the same lots are due
-- with the same points as then, else left out. Returns the wallets to be done, as the text of an array.
-- Items of idle wallets are compared by idle_compare.sql. Updates items; their wallets are locked. May run twice: an item has its outcome once.
WITH due AS (
    SELECT lot.enrolment_id,
        hashtextextended(string_agg(lot.id || ':' || lot.remaining, ',' ORDER BY lot.id), 0) AS seen
    FROM memberships_pointslot lot
    WHERE lot.expires_on = ANY(%(days)s::date[]) AND lot.enrolment_id BETWEEN %(first)s AND %(last)s
        AND lot.remaining > 0 AND lot.pending_until IS NULL
        AND NOT EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
        )
    GROUP BY lot.enrolment_id
), compared AS (
    UPDATE operations_runitem item
    SET outcome = CASE WHEN now.seen = item.seen THEN 'done' ELSE 'left_out' END
    FROM operations_runitem foreseen
    LEFT JOIN due AS now ON now.enrolment_id = foreseen.key
    WHERE foreseen.run_id = %(approved)s AND foreseen.key BETWEEN %(first)s AND %(last)s
        AND foreseen.outcome = 'foreseen' AND foreseen.kind = 'expire' AND item.id = foreseen.id
    RETURNING item.key, item.outcome
)
SELECT coalesce(array_agg(key ORDER BY key) FILTER (WHERE outcome = 'done'), '{}')::text FROM compared
