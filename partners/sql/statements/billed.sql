-- What a partner may bill for a month (its first day) by what we know: the one truth of matching, and of settlements
-- without a statement.
--   fulfilment  once, in the month in which it became active
--   month       in each month of which it was active on a day, the day on which it stopped (rested, failed, was revoked)
--               included; a month that it rested all through is not owed, also when it is active again later. By its
--               events, on the days on which we heard of them; first and last day as the partner dates them. What the
--               partner itself reports follows its grant: there, what is wanted is what it is.
--   use         each redemption of the month, by its quantity; one that was returned is known, and costs nothing
-- `key` is what the partner knows it by: our number, or its own number of a use as events/usages.py keeps it.
-- `ended_later`: revoked after the month, so that the month's end saw it active or suspended. Reads only.
CREATE FUNCTION partners_billed(partner bigint, month date)
RETURNS TABLE (
    key text, fulfilment_id bigint, offer_id bigint, is_prepaid boolean, unit_cost numeric, units bigint,
    amount numeric, state text, ended_later boolean
)
LANGUAGE sql STABLE PARALLEL SAFE AS $function$
    SELECT
        fulfilment.key::text, fulfilment.id, offer.id, offer.settled = 'prepaid', offer.unit_cost, 1::bigint,
        offer.unit_cost, fulfilment.state::text,
        coalesce(fulfilment.revoked_on >= ($2 + interval '1 month')::date, false)
    FROM partners_offer offer
    JOIN partners_fulfilment fulfilment ON fulfilment.offer_id = offer.id
    WHERE offer.partner_id = $1 AND offer.billed = 'fulfilment'
        AND fulfilment.activated_on >= $2
        AND fulfilment.activated_on < ($2 + interval '1 month')::date
    UNION ALL
    SELECT
        fulfilment.key::text, fulfilment.id, offer.id, offer.settled = 'prepaid', offer.unit_cost, 1::bigint,
        offer.unit_cost, fulfilment.state::text,
        coalesce(least(fulfilment.revoked_on, rest.since) >= ($2 + interval '1 month')::date, false)
    FROM partners_offer offer
    JOIN partners_fulfilment fulfilment ON fulfilment.offer_id = offer.id
    -- The day it stopped being active, of what is not: the first word of another state since the last of that one.
    LEFT JOIN LATERAL (
        SELECT min(event.on) AS since
        FROM partners_fulfilmentevent event
        WHERE fulfilment.state <> 'active' AND event.fulfilment_id = fulfilment.id
            AND event.kind IN ('answered', 'told') AND event.state IN ('suspended', 'failed', 'revoked')
            AND event.id > coalesce((
                SELECT max(active.id) FROM partners_fulfilmentevent active
                WHERE active.fulfilment_id = fulfilment.id AND active.kind IN ('answered', 'told')
                    AND active.state = 'active'
            ), 0)
    ) AS rest ON true
    WHERE offer.partner_id = $1 AND offer.billed = 'month'
        AND fulfilment.activated_on < ($2 + interval '1 month')::date
        AND coalesce(fulfilment.revoked_on >= $2, true)
        AND (
            fulfilment.activated_on >= $2
            -- As it was when the month began; what nothing is known of since its first day is active. An order that was
            -- only accepted is no rest: where the word that it was active came late, it had been so meanwhile.
            OR coalesce((
                SELECT event.state = 'active'
                FROM partners_fulfilmentevent event
                WHERE event.fulfilment_id = fulfilment.id AND event.on < $2
                    AND event.state IN ('active', 'suspended', 'failed', 'revoked')
                    AND (event.kind IN ('answered', 'told') OR event.kind = 'wanted' AND offer.mode = 'reported')
                ORDER BY event.id DESC
                LIMIT 1
            ), true)
            OR EXISTS (
                SELECT
                FROM partners_fulfilmentevent event
                WHERE event.fulfilment_id = fulfilment.id AND event.state = 'active'
                    AND event.on >= $2 AND event.on < ($2 + interval '1 month')::date
                    AND (event.kind IN ('answered', 'told') OR event.kind = 'wanted' AND offer.mode = 'reported')
            )
        )
    UNION ALL
    SELECT
        CASE
            WHEN starts_with(redemption.key, told.prefix) THEN substr(redemption.key, length(told.prefix) + 1)
            ELSE 'redemption:' || redemption.id
        END,
        NULL, offer.id, offer.settled = 'prepaid', offer.unit_cost, redemption.quantity::bigint,
        CASE WHEN redemption.state = 'done' THEN offer.unit_cost * redemption.quantity ELSE 0 END,
        CASE WHEN redemption.state = 'done' THEN 'used' ELSE 'returned' END, false
    FROM (SELECT 'use:' || $1 || ':' AS prefix) told
    CROSS JOIN partners_offer offer
    JOIN benefits_redemption redemption ON redemption.benefit_id = offer.benefit_id
        AND redemption.on >= $2 AND redemption.on < ($2 + interval '1 month')::date
        AND redemption.on >= offer.starts_on AND (offer.ends_on IS NULL OR redemption.on <= offer.ends_on)
    WHERE offer.partner_id = $1 AND offer.billed = 'use'
$function$
