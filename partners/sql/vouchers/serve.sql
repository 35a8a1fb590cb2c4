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
    SELECT waiting.id, waiting.member_id, free.id AS code_id
    FROM (SELECT waiting.*, row_number() OVER (ORDER BY id) AS place FROM waiting) AS waiting
    JOIN (SELECT free.id, row_number() OVER (ORDER BY expires_on, id) AS place FROM free) AS free USING (place)
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
