-- Evaluate the tiers of a range of wallets on a business date: the standings that change, a change and a message each.
-- Returns wallet and kind of each. Of an approved dry run, only what it lists and finds as it saw it.
-- Locks the wallets that change, in key order (DESIGN section 4, rule 7), then their standings. A standing that another
-- changed while this waited is not as it was decided on: it is left for the next evaluation.
-- May run twice: a change has the key of its date and tier, and what was changed since that date is not looked at.
-- Every table is read within the range, or row by row by its key: OFFSET 0 keeps the planner, which cannot know how few
-- change, from reading all there ever was instead.
WITH decided AS MATERIALIZED (
    SELECT decision.*, 'evaluate:' || %(on)s::date || ':' || decision.to_tier AS key
    FROM memberships_tier_decisions(%(ladder)s, %(on)s, %(first)s, %(last)s) AS decision
    WHERE decision.kind IS NOT NULL
        AND (%(approved)s::bigint IS NULL OR EXISTS (
            SELECT FROM operations_runitem item
            WHERE item.run_id = %(approved)s AND item.key = %(base)s + decision.enrolment_id
                AND item.seen = decision.seen AND item.outcome = 'foreseen'
            OFFSET 0
        ))
        AND NOT EXISTS (
            SELECT FROM memberships_tierchange done
            WHERE done.member_id = decision.member_id AND done.enrolment_id = decision.enrolment_id
                AND done.group_id = %(group)s
                AND done.key = 'evaluate:' || %(on)s::date || ':' || decision.to_tier
            OFFSET 0
        )
), locked AS MATERIALIZED (
    SELECT wallet.id
    FROM (SELECT enrolment_id FROM decided ORDER BY enrolment_id) AS changing
    CROSS JOIN LATERAL (
        SELECT id FROM memberships_enrolment WHERE id = changing.enrolment_id FOR NO KEY UPDATE
    ) AS wallet
), moved AS (
    UPDATE memberships_tierstanding standing
    SET tier_id = decided.to_tier, cause = decided.cause, held_until = decided.held_until,
        below_since = decided.below_since,
        since = CASE WHEN decided.to_tier = standing.tier_id THEN standing.since ELSE %(on)s END
    FROM decided
    JOIN locked ON locked.id = decided.enrolment_id
    WHERE standing.group_id = %(group)s AND standing.enrolment_id = decided.enrolment_id
        AND standing.enrolment_id BETWEEN %(first)s AND %(last)s AND decided.kind <> 'first'
        AND (standing.tier_id, standing.cause, standing.since, standing.held_until, standing.below_since)
            IS NOT DISTINCT FROM (
                decided.was_tier, decided.was_cause, decided.was_since, decided.was_held_until, decided.was_below_since
            )
    RETURNING standing.enrolment_id
), begun AS (
    INSERT INTO memberships_tierstanding (member_id, enrolment_id, group_id, tier_id, cause, since, held_until)
    SELECT decided.member_id, decided.enrolment_id, %(group)s, decided.to_tier, decided.cause, %(on)s, decided.held_until
    FROM decided
    JOIN locked ON locked.id = decided.enrolment_id
    WHERE decided.kind = 'first'
    ORDER BY decided.enrolment_id
    ON CONFLICT (member_id, enrolment_id, group_id) DO NOTHING
    RETURNING enrolment_id
), done AS MATERIALIZED (
    SELECT decided.*, tier.code AS tier_code, tier.plan_code, from_tier.code AS from_code
    FROM decided
    JOIN (SELECT enrolment_id FROM moved UNION ALL SELECT enrolment_id FROM begun) AS written
        ON written.enrolment_id = decided.enrolment_id
    JOIN memberships_tier tier ON tier.id = decided.to_tier
    LEFT JOIN memberships_tier from_tier ON from_tier.id = decided.was_tier
    ORDER BY decided.enrolment_id
), changed AS (
    INSERT INTO memberships_tierchange
        (member_id, enrolment_id, group_id, key, kind, cause, from_tier_id, to_tier_id, evidence, held_until, "on", at,
        actor_id, reason)
    SELECT done.member_id, done.enrolment_id, %(group)s, done.key, done.kind, done.cause, done.was_tier, done.to_tier,
        jsonb_build_object(
            'window', %(ladder)s::jsonb->>'window', 'from', done.window_from, 'to', done.window_to,
            'points', done.points, 'threshold', done.threshold, 'from_tier', done.from_code, 'to_tier', done.tier_code,
            'was_held_until', done.ends_on, 'plan', CASE WHEN done.cause = 'plan' THEN done.plan_code END
        ),
        done.held_until, %(on)s, %(at)s, %(actor)s, %(reason)s
    FROM done
    WHERE done.kind <> 'grace'
), told AS (
    -- The change's key is new, and so is the message's.
    INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    SELECT 'tier.changed', 'tier:' || done.enrolment_id || ':' || %(group)s || ':' || done.key, done.member_id,
        jsonb_build_object(
            'member', done.member_id, 'enrolment', done.enrolment_id, 'group', %(group_code)s::text, 'kind', done.kind,
            'cause', done.cause, 'from', done.from_code, 'to', done.tier_code, 'on', %(on)s::date,
            'held_until', done.held_until
        ),
        'queued', 0, '', %(at)s, %(at)s
    FROM done
    -- Who has closed the membership by that day is told no more.
    WHERE done.kind <> 'grace' AND NOT EXISTS (
        SELECT FROM memberships_member member
        WHERE member.id = done.member_id AND member.closed_on <= %(on)s
        OFFSET 0
    )
)
SELECT enrolment_id, kind FROM done
