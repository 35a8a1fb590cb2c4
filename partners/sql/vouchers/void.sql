-- Void these codes by hand: available ones are given to nobody, and of claimed ones the fulfilment is revoked.
-- A code that was claimed while this waited for it is left as it is, since the fulfilment is none that this can see, but
-- stays locked: the caller rolls back what was done, so that nobody who holds that fulfilment waits for it, and repeats.
-- Locks the fulfilments, then the codes, each in the order of their keys. May run twice: what is void stays as it is.
WITH seen AS MATERIALIZED (
    SELECT id, fulfilment_id
    FROM partners_vouchercode
    WHERE id = ANY(%(codes)s::bigint[]) AND state IN ('available', 'claimed')
), held AS MATERIALIZED (
    SELECT fulfilment.id
    FROM partners_fulfilment fulfilment
    WHERE fulfilment.id IN (SELECT fulfilment_id FROM seen)
    ORDER BY fulfilment.id
    FOR NO KEY UPDATE
), locked AS MATERIALIZED (
    SELECT code.id
    FROM seen
    JOIN partners_vouchercode code ON code.id = seen.id
    -- The fulfilments are held before.
    WHERE (SELECT count(*) >= 0 FROM held) AND code.state IN ('available', 'claimed')
        AND code.fulfilment_id IS NOT DISTINCT FROM seen.fulfilment_id
    ORDER BY code.id
    FOR NO KEY UPDATE OF code
), code AS (
    UPDATE partners_vouchercode code
    SET state = 'void', void_reason = %(reason)s, voided_at = %(at)s, voided_by_id = %(actor)s
    FROM locked
    WHERE code.id = locked.id
    RETURNING code.id, code.fulfilment_id
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
