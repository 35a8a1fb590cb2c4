-- An offer's codes by state, and the last day of those that end next. Reads vouchercode_by_state and vouchercode_available.
SELECT
    count(*) FILTER (WHERE state = 'available'), count(*) FILTER (WHERE state = 'claimed'),
    count(*) FILTER (WHERE state = 'void'), count(*) FILTER (WHERE state = 'expired'),
    (
        SELECT expires_on FROM partners_vouchercode next
        WHERE next.offer_id = %(offer)s AND next.state = 'available' ORDER BY expires_on LIMIT 1
    )
FROM partners_vouchercode
WHERE offer_id = %(offer)s
