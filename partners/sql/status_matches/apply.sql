-- End, revoke, give up and renew the matches of a range of ids on a business date; returns id and kind of each.
-- Of an approved dry run, only what it lists and finds as it saw it.
-- Locks the matches in the order of their ids; one that another changed meanwhile is left. May run twice: what is over is
-- not active, and a match is renewed once (its key, and the key of the one it renews). A renewal in whose days the member
-- has another match by then (statusmatch_one_a_period) is left out.
WITH due AS MATERIALIZED (
    SELECT change.match_id, change.kind, change.renewal_rule
    FROM partners_match_changes(%(first)s, %(last)s, %(on)s, %(lead)s) AS change
    WHERE %(approved)s::bigint IS NULL OR EXISTS (
        SELECT FROM operations_runitem item
        WHERE item.run_id = %(approved)s AND item.key = change.match_id AND item.seen = change.seen
    )
), locked AS MATERIALIZED (
    SELECT match.id, match.member_id, match.partner_id, match.valid_until, match.evidence, due.kind, due.renewal_rule
    FROM due
    JOIN partners_statusmatch match ON match.id = due.match_id
    WHERE match.state IN ('active', 'requested')
    ORDER BY match.id
    FOR NO KEY UPDATE OF match
), ended AS (
    UPDATE partners_statusmatch match
    SET state = CASE locked.kind WHEN 'end' THEN 'ended' WHEN 'give_up' THEN 'refused' ELSE 'revoked' END,
        ended_on = %(on)s, attempts = 0, dead_at = NULL,
        -- The partner is told of what ends before its day.
        next_attempt_at = CASE locked.kind WHEN 'revoke' THEN %(at)s::timestamptz END,
        reason = CASE locked.kind WHEN 'revoke' THEN 'tier_lost' WHEN 'give_up' THEN 'unanswered' ELSE match.reason END
    FROM locked
    WHERE match.id = locked.id AND locked.kind <> 'renew'
    RETURNING match.id, match.member_id, match.state, match.key, match.partner_id
), renewed AS (
    INSERT INTO partners_statusmatch
        (member_id, partner_id, rule_id, direction, key, reference, evidence, valid_from, valid_until, state, renews_id,
        attempts, next_attempt_at, error, reason, "on", at)
    SELECT locked.member_id, locked.partner_id, rule.id, 'outbound', 'renewal:' || locked.id, '',
        -- What it rests on by now, and what is still true of what it rested on.
        locked.evidence || standing.evidence || jsonb_build_object('renewed_on', %(on)s::date), locked.valid_until + 1,
        ((locked.valid_until + 1) + make_interval(months => rule.months))::date - 1, 'requested', locked.id, 0, %(at)s,
        '', '', %(on)s, %(at)s
    FROM locked
    JOIN partners_statusmatchrule rule ON rule.id = locked.renewal_rule
    JOIN memberships_tier matched ON matched.id = rule.tier_id
    CROSS JOIN LATERAL (
        SELECT jsonb_build_object(
            'tier', own.code, 'since', held.since, 'cause', held.cause, 'enrolment', held.enrolment_id
        ) AS evidence
        FROM memberships_tierstanding held
        JOIN memberships_tier own ON own.id = held.tier_id
        WHERE held.member_id = locked.member_id AND held.group_id = matched.group_id
        ORDER BY own.rank DESC, held.id
        LIMIT 1
    ) AS standing
    WHERE locked.kind = 'renew'
    ON CONFLICT DO NOTHING
    RETURNING id, member_id, state, key, partner_id, renews_id
), changed AS (
    SELECT * FROM ended UNION ALL SELECT id, member_id, state, key, partner_id FROM renewed
), message AS (
    INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    SELECT 'status_match.changed', 'status-match:' || changed.id || ':' || changed.state, changed.member_id,
        jsonb_build_object(
            'match', changed.key, 'member', changed.member_id, 'partner', partner.code, 'state', changed.state,
            'on', %(on)s::date
        ), 'queued', 0, '', %(at)s, %(at)s
    FROM changed
    JOIN partners_partner partner ON partner.id = changed.partner_id
    ORDER BY changed.member_id, changed.id
    ON CONFLICT (key) DO NOTHING
)
SELECT locked.id, locked.kind
FROM locked
WHERE locked.kind <> 'renew' OR locked.id IN (SELECT renews_id FROM renewed)
