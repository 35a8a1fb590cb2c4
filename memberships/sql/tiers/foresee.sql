-- Note for a dry run what an evaluation of a range of wallets would change: an item each, whose key is the ladder's
-- base and the wallet's. Inserts items of the run; locks nothing. May run twice: an item is written once.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, %(base)s + decision.enrolment_id, decision.member_id, decision.kind, NULL, decision.seen, 'foreseen'
FROM memberships_tier_decisions(%(ladder)s, %(on)s, %(first)s, %(last)s) AS decision
WHERE decision.kind IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM memberships_tierchange done
        WHERE done.member_id = decision.member_id AND done.enrolment_id = decision.enrolment_id
            AND done.group_id = %(group)s AND done.key = 'evaluate:' || %(on)s::date || ':' || decision.to_tier
    )
ON CONFLICT (run_id, key) DO NOTHING
