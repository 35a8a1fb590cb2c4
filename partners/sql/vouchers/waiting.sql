-- The offers some of whose fulfilments wait for a code, of a grant that is held. Reads fulfilment_by_offer, where those
-- that were never active stand together. Locks nothing.
SELECT offer.id
FROM partners_offer offer
WHERE offer.mode = 'vouchers' AND EXISTS (
    SELECT FROM partners_fulfilment waiting
    JOIN benefits_grant grant_ ON grant_.id = waiting.grant_id AND grant_.state IN ('live', 'in_grace')
    WHERE waiting.offer_id = offer.id AND waiting.activated_on IS NULL AND waiting.state = 'requested'
)
ORDER BY offer.id
