-- Note for a dry run what would be posted: an item for each wallet of a range with pending lots whose return window is
-- over before a day. Its fingerprint is that of the lots and of what remains of them.
-- Inserts items of the run; locks nothing. May run twice: an item is written once.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, lot.enrolment_id, lot.member_id, 'post', sum(lot.remaining),
    hashtextextended(string_agg(lot.id || ':' || lot.remaining || ':' || lot.qualifying, ',' ORDER BY lot.id), 0),
    'foreseen'
FROM memberships_pointslot lot
WHERE lot.pending_until < %(on)s AND lot.enrolment_id BETWEEN %(first)s AND %(last)s
GROUP BY lot.enrolment_id, lot.member_id
HAVING bool_or(lot.remaining > 0 OR lot.qualifying > 0)
ON CONFLICT (run_id, key) DO NOTHING
