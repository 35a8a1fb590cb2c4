-- Say of each offer in force on a day whether its codes that are good then are low: at most as many as it warns at (an
-- offer that warns at none is told of when there is none). Each time they become so is one message to nobody's member.
-- Counts no further than the warning. Locks the rows of stock that it changes. May run twice: what was told is not again.
WITH counted AS MATERIALIZED (
    SELECT offer.id, offer.partner_id, offer.benefit_id, offer.sku, offer.low_stock, (
        SELECT count(*) FROM (
            SELECT FROM partners_vouchercode code
            WHERE code.offer_id = offer.id AND code.state = 'available'
                AND (code.expires_on IS NULL OR code.expires_on >= %(on)s)
            LIMIT offer.low_stock + 1::bigint
        ) available
    ) AS "left"
    FROM partners_offer offer
    WHERE offer.mode = 'vouchers' AND offer.starts_on <= %(on)s AND (offer.ends_on IS NULL OR offer.ends_on >= %(on)s)
), stock AS (
    INSERT INTO partners_codestock AS known (offer_id, low_since, warnings)
    SELECT id, CASE WHEN "left" <= low_stock THEN %(at)s::timestamptz END, CASE WHEN "left" <= low_stock THEN 1 ELSE 0 END
    FROM counted
    ORDER BY id
    ON CONFLICT (offer_id) DO UPDATE
    SET low_since = excluded.low_since, warnings = known.warnings + excluded.warnings
    WHERE (known.low_since IS NULL) <> (excluded.low_since IS NULL)
    RETURNING offer_id, low_since, warnings
), message AS (
    INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
    SELECT
        'codes.low', 'codes-low:' || counted.id || ':' || stock.warnings, NULL,
        jsonb_build_object(
            'offer', counted.id, 'partner', partner.code, 'sku', counted.sku, 'benefit', benefit.code,
            'left', counted."left", 'warn_at', counted.low_stock, 'on', %(on)s::date
        ),
        'queued', 0, '', %(at)s, %(at)s
    FROM stock
    JOIN counted ON counted.id = stock.offer_id
    JOIN partners_partner partner ON partner.id = counted.partner_id
    JOIN benefits_benefit benefit ON benefit.id = counted.benefit_id
    WHERE stock.low_since IS NOT NULL
    ON CONFLICT (key) DO NOTHING
)
SELECT offer_id FROM stock WHERE low_since IS NOT NULL ORDER BY offer_id
