-- Note for a dry run what would expire: an item for each wallet of a range with lots of these due days that have not
-- been expired. Its fingerprint is that of the lots and of what remains of them.
-- Inserts items of the run; locks nothing. May run twice: an item is written once. Idle wallets have theirs already.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, lot.enrolment_id, lot.member_id, 'expire', sum(lot.remaining),
    hashtextextended(string_agg(lot.id || ':' || lot.remaining, ',' ORDER BY lot.id), 0), 'foreseen'
FROM memberships_pointslot lot
WHERE lot.expires_on = ANY(%(days)s::date[]) AND lot.enrolment_id BETWEEN %(first)s AND %(last)s AND lot.remaining > 0
    AND lot.pending_until IS NULL
    AND NOT EXISTS (
        SELECT FROM memberships_pointsentry gone
        WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
    )
GROUP BY lot.enrolment_id, lot.member_id
ON CONFLICT (run_id, key) DO NOTHING
