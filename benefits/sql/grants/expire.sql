-- End what ran out before a day, for the members of a range of ids: coupons, gifts. Of an approved dry run, only what it
-- lists and whose last day is as it saw it. Locks the grants in the order of ids, as apply_changes.sql does. May run twice: what ended is not ended again.
WITH due AS MATERIALIZED (
    SELECT held.id
    FROM benefits_grant held
    WHERE held.state IN ('live', 'in_grace') AND held.valid_until < %(on)s
        AND held.member_id BETWEEN %(first)s AND %(last)s
        AND (%(approved)s::bigint IS NULL OR EXISTS (
            SELECT FROM operations_runitem item
            WHERE item.run_id = %(approved)s AND item.key = held.member_id AND item.seen = (
                SELECT bit_xor(hashtextextended(concat_ws('|', own.id, own.valid_until), 0))
                FROM benefits_grant own
                WHERE own.member_id = held.member_id AND own.state IN ('live', 'in_grace') AND own.valid_until < %(on)s
            )
        ))
    ORDER BY held.id
    FOR NO KEY UPDATE
), ended AS (
    UPDATE benefits_grant held
    SET state = 'ended', ended_on = %(on)s
    FROM due
    WHERE held.id = due.id
    RETURNING held.id, held.member_id, held.benefit_id, held.valid_from, held.valid_until
), message AS (
    INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    SELECT 'grant.ended', 'grant:' || ended.id || ':ended:'
        || (extract(epoch FROM %(at)s::timestamptz) * 1000000)::bigint, ended.member_id,
        jsonb_build_object(
            'grant', ended.id, 'member', ended.member_id, 'benefit', benefit.code, 'state', 'ended',
            'valid_from', ended.valid_from, 'valid_until', ended.valid_until, 'on', %(on)s::date
        ),
        'queued', 0, '', %(at)s, %(at)s
    FROM ended
    JOIN benefits_benefit benefit ON benefit.id = ended.benefit_id
    ORDER BY ended.member_id, ended.id
    ON CONFLICT (key) DO NOTHING
)
SELECT member_id, id FROM ended
