-- What a partner may bill for a month by what we know: the one truth of matching and of settlements without a statement.
--   fulfilment  once, in the month in which it became active
--   month       in each month of which it was active on a day, that of its revocation included
--   use         each redemption of the month, by its quantity; one that was returned is known, and costs nothing
-- `key` is what the partner knows it by: our number, or its own number of a use as events/usages.py keeps it.
-- `ended_later`: revoked after the month, so that the month's end saw it active or suspended. Reads only.
CREATE FUNCTION partners_billed(partner bigint, month date)
RETURNS TABLE (
    key text, fulfilment_id bigint, offer_id bigint, is_prepaid boolean, unit_cost numeric, units bigint,
    amount numeric, state text, ended_later boolean
)
LANGUAGE sql STABLE AS $function$
    WITH asked AS (
        SELECT
            $1 AS partner_id, date_trunc('month', $2)::date AS first_on,
            (date_trunc('month', $2) + interval '1 month')::date AS next_on
    )
    SELECT
        fulfilment.key::text, fulfilment.id, offer.id, offer.settled = 'prepaid', offer.unit_cost, 1::bigint,
        offer.unit_cost, fulfilment.state::text, coalesce(fulfilment.revoked_on >= asked.next_on, false)
    FROM asked
    JOIN partners_offer offer ON offer.partner_id = asked.partner_id
    JOIN partners_fulfilment fulfilment ON fulfilment.offer_id = offer.id
    WHERE offer.billed = 'fulfilment'
        AND fulfilment.activated_on >= asked.first_on AND fulfilment.activated_on < asked.next_on
    UNION ALL
    SELECT
        fulfilment.key::text, fulfilment.id, offer.id, offer.settled = 'prepaid', offer.unit_cost, 1::bigint,
        offer.unit_cost, fulfilment.state::text, coalesce(fulfilment.revoked_on >= asked.next_on, false)
    FROM asked
    JOIN partners_offer offer ON offer.partner_id = asked.partner_id
    JOIN partners_fulfilment fulfilment ON fulfilment.offer_id = offer.id
    WHERE offer.billed = 'month' AND fulfilment.activated_on < asked.next_on
        AND (fulfilment.revoked_on IS NULL OR fulfilment.revoked_on >= asked.first_on)
    UNION ALL
    SELECT
        CASE
            WHEN starts_with(redemption.key, told.prefix) THEN substr(redemption.key, length(told.prefix) + 1)
            ELSE 'redemption:' || redemption.id
        END,
        NULL, offer.id, offer.settled = 'prepaid', offer.unit_cost, redemption.quantity::bigint,
        CASE WHEN redemption.state = 'done' THEN offer.unit_cost * redemption.quantity ELSE 0 END,
        CASE WHEN redemption.state = 'done' THEN 'used' ELSE 'returned' END, false
    FROM asked
    CROSS JOIN LATERAL (SELECT 'use:' || asked.partner_id || ':' AS prefix) told
    JOIN partners_offer offer ON offer.partner_id = asked.partner_id
    JOIN benefits_redemption redemption ON redemption.benefit_id = offer.benefit_id
        AND redemption.on >= asked.first_on AND redemption.on < asked.next_on
        AND redemption.on >= offer.starts_on AND (offer.ends_on IS NULL OR redemption.on <= offer.ends_on)
    WHERE offer.billed = 'use'
$function$
