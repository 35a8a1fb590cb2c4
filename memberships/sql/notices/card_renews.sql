-- The cards of a range that will be charged for their next term so many days after a business date, at the price of the
-- plan's version on sale on the first day of that term: by the rules of renewals/due_renewals.sql, as far as they can be
-- known ahead. Told until the day before the charge, the last one on which it can be stopped. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_card_renews(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT card.id, card.member_id, 'card-renews:' || card.id || ':' || card.paid_until,
    jsonb_build_object(
        'card', card.id, 'plan', coalesce(on_sale.name, own.name), 'plan_en', coalesce(on_sale.name_en, own.name_en),
        'price_amount', coalesce(on_sale.price, own.price)::text, 'paid_until_on', card.paid_until,
        'charged_on', card.paid_until - own.lead_days
    ),
    EXISTS (
        SELECT FROM memberships_membercontact contact
        WHERE contact.member_id = card.member_id AND contact.is_primary AND contact.email <> ''
    ),
    least(card.paid_until - own.lead_days - 1, member.closed_on - 1)
FROM memberships_subscription card
JOIN memberships_member member
    ON member.id = card.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_paymentmethod method ON method.id = card.payment_method_id AND method.removed_on IS NULL
JOIN memberships_plan own ON own.id = card.plan_id
LEFT JOIN memberships_plan on_sale
    ON on_sale.programme_id = own.programme_id AND on_sale.code = own.code
    AND on_sale.on_sale_from <= card.paid_until + 1
    AND (on_sale.on_sale_until IS NULL OR on_sale.on_sale_until > card.paid_until)
WHERE card.ended_on IS NULL AND card.id BETWEEN first_id AND last_id
    AND card.paid_until - own.lead_days = business_date + days
    -- The index by last paid day is read as far as the longest lead.
    AND card.paid_until >= business_date + days
    AND card.paid_until <= business_date + days + (SELECT max(lead_days) FROM memberships_plan)
    AND NOT EXISTS (
        SELECT FROM memberships_payment asked
        WHERE asked.member_id = card.member_id
            AND asked.key = 'renewal:' || card.id || ':' || to_char((card.paid_until + 1)::timestamp, 'YYYY-MM-DD')
    )
    -- Hardly ever any: looked up once, not for each card.
    AND NOT card.id = ANY (ARRAY(
        SELECT refunded.subscription_id
        FROM memberships_refund refund JOIN memberships_payment refunded ON refunded.id = refund.payment_id
        WHERE refund.state IN ('requested', 'unknown') AND refund.ends_card
    ))
$function$;
