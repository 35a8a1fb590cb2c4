-- Note for a dry run what would expire by inactivity: an item for each wallet of a range that is idle by a day and has
-- points. Its fingerprint is that of all its posted lots and of what remains of them.
-- Inserts items of the run; locks nothing. May run twice: an item is written once.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, lot.enrolment_id, lot.member_id, 'idle', sum(lot.remaining),
    hashtextextended(string_agg(lot.id || ':' || lot.remaining, ',' ORDER BY lot.id), 0), 'foreseen'
FROM memberships_enrolment wallet
JOIN memberships_pointslot lot ON lot.enrolment_id = wallet.id
WHERE wallet.idle_on <= %(idle_by)s AND wallet.id BETWEEN %(first)s AND %(last)s
    AND lot.remaining > 0 AND lot.pending_until IS NULL
    AND NOT EXISTS (
        SELECT FROM memberships_pointsentry gone
        WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
    )
GROUP BY lot.enrolment_id, lot.member_id
ON CONFLICT (run_id, key) DO NOTHING
