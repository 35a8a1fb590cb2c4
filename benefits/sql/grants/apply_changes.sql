-- Give, let rest, take up again and end what follows rights, for those members of a range of ids that are locked
-- (`members`, lock_members.sql): who came up since is left to the next time. What is to be done: grant_changes.sql. Of an
-- approved dry run, only for members that it lists and for whom it would do the same. Writes grants, on which partners' triggers hang, and messages. Locks the grants
-- in the order of ids, as expire.sql does. May run twice: what is as wanted is not touched.
WITH changing AS MATERIALIZED (
    SELECT *
    FROM benefits_grant_changes(%(first)s, %(last)s, %(on)s) AS due
    WHERE due.member_id = ANY(%(members)s::bigint[])
        AND (%(approved)s::bigint IS NULL OR EXISTS (
            SELECT FROM operations_runitem item
            WHERE item.run_id = %(approved)s AND item.key = due.member_id AND item.seen = due.seen
        ))
), locked AS MATERIALIZED (
    SELECT held.id
    FROM benefits_grant held
    WHERE held.id IN (SELECT changing.grant_id FROM changing)
    ORDER BY held.id
    FOR NO KEY UPDATE
), moved AS (
    UPDATE benefits_grant held
    SET state = changing.state, valid_until = changing.valid_until,
        ended_on = CASE WHEN changing.kind = 'end' THEN %(on)s::date ELSE held.ended_on END,
        right_ended_on = CASE WHEN changing.kind IN ('end', 'close') THEN %(on)s::date END
    FROM changing
    JOIN locked ON locked.id = changing.grant_id
    WHERE held.id = locked.id
    RETURNING held.id, held.member_id, held.benefit_id, held.state, held.key, held.valid_from, held.valid_until,
        changing.kind
), given AS (
    INSERT INTO benefits_grant (
        member_id, benefit_id, rule_id, subscription_id, key, quantity, state, valid_from, valid_until, given_on,
        given_at
    )
    SELECT member_id, benefit_id, rule_id, subscription_id, key, 1, state, %(on)s, valid_until, %(on)s, %(at)s
    FROM changing
    WHERE grant_id IS NULL
    ORDER BY member_id, key
    ON CONFLICT (member_id, key) DO NOTHING
    RETURNING id, member_id, benefit_id, state, key, valid_from, valid_until, 'give' AS kind
), done AS (
    SELECT * FROM moved
    UNION ALL
    SELECT * FROM given
), message AS (
    INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    SELECT
        CASE done.kind WHEN 'give' THEN 'grant.started' WHEN 'end' THEN 'grant.ended' ELSE 'grant.changed' END,
        -- It may rest and be taken up again more than once: each time is another instant.
        'grant:' || done.id || ':' || done.state || ':' || (extract(epoch FROM %(at)s::timestamptz) * 1000000)::bigint,
        done.member_id,
        jsonb_build_object(
            'grant', done.id, 'member', done.member_id, 'benefit', benefit.code, 'state', done.state,
            'valid_from', done.valid_from, 'valid_until', done.valid_until, 'on', %(on)s::date
        ),
        'queued', 0, '', %(at)s, %(at)s
    FROM done
    JOIN benefits_benefit benefit ON benefit.id = done.benefit_id
    WHERE done.kind <> 'close'
    -- The end of one before the beginning of another.
    ORDER BY done.member_id, done.kind = 'give', done.id
    ON CONFLICT (key) DO NOTHING
)
SELECT member_id, id, kind FROM done
