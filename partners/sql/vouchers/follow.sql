-- Who waits for a code of an offer that is over waits for one of the offer that took its place: the same partner's, of the
-- same benefit, in force on that day and by codes too. Only once no code of the former is left that is good on that day;
-- what it costs is what the new one says. %(most)s at most, the first first.
-- Locks the fulfilments in the order of their keys; what somebody else holds is passed over. May run twice: who followed
-- waits for an offer that is in force.
WITH moved AS MATERIALIZED (
    SELECT fulfilment.id, fulfilment.member_id, next.id AS offer_id, next.sku
    FROM partners_offer former
    JOIN partners_offer next ON next.benefit_id = former.benefit_id AND next.partner_id = former.partner_id
        AND next.mode = 'vouchers' AND next.starts_on <= %(on)s AND (next.ends_on IS NULL OR next.ends_on >= %(on)s)
    JOIN partners_fulfilment fulfilment ON fulfilment.offer_id = former.id AND fulfilment.activated_on IS NULL
        AND fulfilment.state = 'requested' AND fulfilment.wanted = 'active'
    JOIN benefits_grant grant_ ON grant_.id = fulfilment.grant_id AND grant_.state IN ('live', 'in_grace')
    WHERE former.mode = 'vouchers' AND former.ends_on < %(on)s AND NOT EXISTS (
        SELECT FROM partners_vouchercode code
        WHERE code.offer_id = former.id AND code.state = 'available'
            AND (code.expires_on IS NULL OR code.expires_on >= %(on)s)
    )
    ORDER BY fulfilment.id
    LIMIT %(most)s
    FOR NO KEY UPDATE OF fulfilment SKIP LOCKED
), fulfilment AS (
    UPDATE partners_fulfilment fulfilment
    SET offer_id = moved.offer_id
    FROM moved
    WHERE fulfilment.id = moved.id
), event AS (
    INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, kind, state, attempt, detail, "on", at)
    SELECT member_id, id, 'wanted', '', 0, sku, %(on)s, %(at)s FROM moved ORDER BY id
)
SELECT id FROM moved
