-- By offer of these partners that hands out codes, in force on a day: how many codes are left that are good on that day.
-- Beyond %(most)s, or twice the number at which to warn, none is counted. Reads vouchercode_available. Locks nothing.
SELECT offer.partner_id, offer.id, offer.sku, offer.low_stock, (
    SELECT count(*) FROM (
        SELECT FROM partners_vouchercode code
        WHERE code.offer_id = offer.id AND code.state = 'available'
            AND (code.expires_on IS NULL OR code.expires_on >= %(on)s)
        LIMIT greatest(%(most)s, 2 * offer.low_stock)
    ) available
)
FROM partners_offer offer
WHERE offer.partner_id = ANY(%(partners)s) AND offer.mode = 'vouchers'
    AND offer.starts_on <= %(on)s AND (offer.ends_on IS NULL OR offer.ends_on >= %(on)s)
ORDER BY offer.partner_id, offer.sku, offer.id
