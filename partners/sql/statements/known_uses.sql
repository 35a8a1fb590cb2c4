-- The uses under the partner's numbers of lines that the month's bill does not know, being of another month, or of a
-- benefit that it does not bill by use: the number, the offer of that day if there is one, and the state. Reads only, by
-- the unique index of the numbers.
SELECT usage.usage, (
    SELECT max(offer.id) FROM partners_offer offer
    WHERE offer.partner_id = usage.partner_id AND offer.benefit_id = redemption.benefit_id
        AND redemption.on >= offer.starts_on AND (offer.ends_on IS NULL OR redemption.on <= offer.ends_on)
), CASE WHEN redemption.state = 'done' THEN 'used' ELSE 'returned' END
FROM partners_reportedusage usage
JOIN benefits_redemption redemption ON redemption.id = usage.redemption_id
WHERE usage.partner_id = %(partner)s AND usage.usage = ANY(%(keys)s)
