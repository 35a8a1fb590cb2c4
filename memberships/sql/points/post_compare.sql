-- Say of each item of an approved dry run of postings, in a range of wallets, what becomes of it: done where the same lots
-- are to be posted with the same points as then, else left out. Returns the wallets to be done, as the text of an array.
-- Updates items; their wallets are locked. May run twice: an item has its outcome once.
WITH due AS (
    SELECT lot.enrolment_id,
        hashtextextended(string_agg(lot.id || ':' || lot.remaining || ':' || lot.qualifying, ',' ORDER BY lot.id), 0)
            AS seen
    FROM memberships_pointslot lot
    WHERE lot.pending_until < %(on)s AND lot.enrolment_id BETWEEN %(first)s AND %(last)s
    GROUP BY lot.enrolment_id
), compared AS (
    UPDATE operations_runitem item
    SET outcome = CASE WHEN now.seen = item.seen THEN 'done' ELSE 'left_out' END
    FROM operations_runitem foreseen
    LEFT JOIN due AS now ON now.enrolment_id = foreseen.key
    WHERE foreseen.run_id = %(approved)s AND foreseen.key BETWEEN %(first)s AND %(last)s
        AND foreseen.outcome = 'foreseen' AND item.id = foreseen.id
    RETURNING item.key, item.outcome
)
SELECT coalesce(array_agg(key ORDER BY key) FILTER (WHERE outcome = 'done'), '{}')::text FROM compared
