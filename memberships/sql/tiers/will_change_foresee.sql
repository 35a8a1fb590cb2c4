-- Note for a dry run the members of a range of wallets who would be told that their tier ends on a day and is then lost,
-- as will_change.sql tells them: an item each, of the kind of how many days before that is, whose key is the ladder's base
-- and the wallet's. Inserts items of the run; locks nothing. May run twice: an item is written once.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, %(base)s + standing.enrolment_id, decision.member_id, %(days)s::text, NULL,
    hashtextextended(concat_ws('|', standing.tier_id, standing.held_until), 0), 'foreseen'
FROM memberships_tierstanding standing
CROSS JOIN LATERAL memberships_tier_decisions(
    %(ladder)s, %(ends_on)s::date + 1, standing.enrolment_id, standing.enrolment_id
) AS decision
JOIN memberships_member member
    ON member.id = decision.member_id AND (member.closed_on IS NULL OR member.closed_on > %(ends_on)s::date)
WHERE standing.group_id = %(group)s AND standing.enrolment_id BETWEEN %(first)s AND %(last)s
    AND standing.held_until = %(ends_on)s AND decision.kind IN ('down', 'grace')
    AND NOT EXISTS (
        SELECT FROM operations_outboxmessage told
        WHERE told.key =
            'tier-will-change:' || standing.enrolment_id || ':' || %(group)s || ':' || %(ends_on)s::date || ':' || %(days)s
    )
ON CONFLICT (run_id, key) DO NOTHING
