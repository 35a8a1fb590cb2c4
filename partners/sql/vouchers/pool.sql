-- An offer's codes by state, how many members who hold its grant wait for one, and the last day of those that end next.
-- Reads vouchercode_by_state, vouchercode_available and fulfilment_by_offer.
SELECT
    count(*) FILTER (WHERE state = 'available'), count(*) FILTER (WHERE state = 'claimed'),
    count(*) FILTER (WHERE state = 'void'), count(*) FILTER (WHERE state = 'expired'),
    (
        SELECT count(*) FROM partners_fulfilment waiting
        JOIN benefits_grant grant_ ON grant_.id = waiting.grant_id AND grant_.state IN ('live', 'in_grace')
        WHERE waiting.offer_id = %(offer)s AND waiting.activated_on IS NULL AND waiting.state = 'requested'
    ),
    (
        SELECT expires_on FROM partners_vouchercode next
        WHERE next.offer_id = %(offer)s AND next.state = 'available' ORDER BY expires_on LIMIT 1
    )
FROM partners_vouchercode
WHERE offer_id = %(offer)s
