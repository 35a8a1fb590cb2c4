-- Give an offer's codes to those who wait for one, in the order of their fulfilments (who was given the benefit first;
-- by one night, the lower member number): %(most)s of them at most. Codes that end first go first, none that is over on
-- that day, and none to a grant that is not held any more.
-- Locks the fulfilments, then the codes, each in the order in which they are taken; what somebody else holds is passed
-- over, so that nobody waits. May run twice: who was served waits no more, and a code is claimed once.
WITH waiting AS MATERIALIZED (
    SELECT fulfilment.id, fulfilment.member_id
    FROM partners_fulfilment fulfilment
    JOIN benefits_grant grant_ ON grant_.id = fulfilment.grant_id
    WHERE fulfilment.offer_id = %(offer)s AND fulfilment.activated_on IS NULL AND fulfilment.state = 'requested'
        AND fulfilment.wanted = 'active' AND grant_.state IN ('live', 'in_grace')
        AND (grant_.valid_until IS NULL OR grant_.valid_until >= %(on)s)
    ORDER BY fulfilment.id
    LIMIT %(most)s
    FOR NO KEY UPDATE OF fulfilment SKIP LOCKED
), free AS MATERIALIZED (
    SELECT code.id, code.expires_on
    FROM partners_vouchercode code
    WHERE code.offer_id = %(offer)s AND code.state = 'available'
        AND (code.expires_on IS NULL OR code.expires_on >= %(on)s)
    ORDER BY code.expires_on, code.id
    LIMIT (SELECT count(*) FROM waiting)
    FOR NO KEY UPDATE SKIP LOCKED
), pair AS MATERIALIZED (
    -- Side by side by their places: a join of ten thousand by ten thousand, of which nothing is known, took half a minute.
    SELECT side.*
    FROM (
        SELECT
            (SELECT array_agg(id ORDER BY id) FROM waiting) AS ids,
            (SELECT array_agg(member_id ORDER BY id) FROM waiting) AS members,
            (SELECT array_agg(id ORDER BY expires_on, id) FROM free) AS codes
    ) AS both_sides
    CROSS JOIN LATERAL unnest(ids, members, codes) AS side (id, member_id, code_id)
    WHERE side.code_id IS NOT NULL
), code AS (
    UPDATE partners_vouchercode code
    SET state = 'claimed', fulfilment_id = pair.id, claimed_at = %(at)s
    FROM pair
    WHERE code.id = pair.code_id
), fulfilment AS (
    UPDATE partners_fulfilment fulfilment
    SET state = 'active', activated_on = %(on)s
    FROM pair
    WHERE fulfilment.id = pair.id
), event AS (
    INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, kind, state, attempt, detail, "on", at)
    SELECT member_id, id, 'answered', 'active', 0, '', %(on)s, %(at)s FROM pair ORDER BY id
)
SELECT id FROM pair
