-- Tell the members of a range of wallets whose tier ends on a day, and would then be lost: a message each.
-- The decision is that of the day after the end, with the points there are now. Of an approved dry run, only what it
-- lists, where the same tier ends and would still be lost. Inserts messages; locks nothing. Returns the wallets.
-- May run twice: a message has the key of its wallet, ladder, last day and step.
INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
SELECT 'tier.will_change',
    'tier-will-change:' || decision.enrolment_id || ':' || %(group)s || ':' || %(ends_on)s::date || ':' || %(days)s,
    decision.member_id,
    jsonb_build_object(
        'member', decision.member_id, 'enrolment', decision.enrolment_id, 'group', %(group_code)s::text,
        'tier', tier.code, 'ends_on', %(ends_on)s::date,
        -- With days of grace nothing is decided yet: who keeps below goes after the last of them.
        'lost_on', %(ends_on)s::date + 1 + CASE WHEN decision.kind = 'grace' THEN %(grace_days)s ELSE 0 END,
        'to', to_tier.code, 'days', %(days)s, 'points', decision.points, 'threshold', decision.threshold,
        'missing', CASE WHEN decision.was_cause = 'points' THEN decision.threshold - decision.points END
    ),
    'queued', 0, '', %(at)s, %(at)s
FROM memberships_tierstanding standing
CROSS JOIN LATERAL memberships_tier_decisions(
    %(ladder)s, %(ends_on)s::date + 1, standing.enrolment_id, standing.enrolment_id
) AS decision
-- Who has closed the membership by then is told no more.
JOIN memberships_member member
    ON member.id = decision.member_id AND (member.closed_on IS NULL OR member.closed_on > %(ends_on)s::date)
JOIN memberships_tier tier ON tier.id = standing.tier_id
LEFT JOIN memberships_tier to_tier ON to_tier.id = decision.to_tier AND decision.kind = 'down'
WHERE standing.group_id = %(group)s AND standing.enrolment_id BETWEEN %(first)s AND %(last)s
    AND standing.held_until = %(ends_on)s AND decision.kind IN ('down', 'grace')
    AND (%(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = %(base)s + standing.enrolment_id
            AND item.kind = %(days)s::text
            -- Its tier and its last day. Not the points: whom some more do not save hears of what is missing now, or
            -- would never hear, since no later night looks at this day.
            AND item.seen = hashtextextended(concat_ws('|', standing.tier_id, standing.held_until), 0)
    ))
ORDER BY standing.enrolment_id
ON CONFLICT (key) DO NOTHING
RETURNING (payload->>'enrolment')::bigint
