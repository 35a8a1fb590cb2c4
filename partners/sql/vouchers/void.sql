-- Void these codes by hand: available ones are given to nobody, and of claimed ones the fulfilment is revoked.
-- Locks the fulfilments, in the order of their keys, and then the codes. May run twice: what is void stays as it is.
WITH held AS MATERIALIZED (
    SELECT fulfilment.id
    FROM partners_fulfilment fulfilment
    WHERE fulfilment.id IN (
        SELECT fulfilment_id FROM partners_vouchercode WHERE id = ANY(%(codes)s::bigint[]) AND state = 'claimed'
    )
    ORDER BY fulfilment.id
    FOR NO KEY UPDATE
), code AS (
    UPDATE partners_vouchercode
    SET state = 'void', void_reason = %(reason)s, voided_at = %(at)s, voided_by_id = %(actor)s
    -- The fulfilments are held before.
    WHERE id = ANY(%(codes)s::bigint[]) AND state IN ('available', 'claimed') AND (SELECT count(*) >= 0 FROM held)
    RETURNING id, fulfilment_id
), revoked AS (
    UPDATE partners_fulfilment fulfilment
    SET wanted = 'revoked', state = 'revoked', revoked_on = %(on)s
    FROM code
    WHERE fulfilment.id = code.fulfilment_id AND fulfilment.state <> 'revoked'
    RETURNING fulfilment.id, fulfilment.member_id
), event AS (
    INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, kind, state, attempt, detail, "on", at, actor_id)
    SELECT member_id, id, 'wanted', 'revoked', 0, left(%(reason)s, 200), %(on)s, %(at)s, %(actor)s
    FROM revoked
    ORDER BY id
)
SELECT id FROM code ORDER BY id
