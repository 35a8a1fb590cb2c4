-- The cards of a range whose paid days end so many days after a business date and which will then be charged again, at
-- the price of the plan's version on sale on the first day of the next term. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_card_renews(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean)
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
    )
FROM memberships_subscription card
JOIN memberships_member member
    ON member.id = card.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_paymentmethod method ON method.id = card.payment_method_id AND method.removed_on IS NULL
JOIN memberships_plan own ON own.id = card.plan_id
LEFT JOIN memberships_plan on_sale
    ON on_sale.programme_id = own.programme_id AND on_sale.code = own.code
    AND on_sale.on_sale_from <= card.paid_until + 1
    AND (on_sale.on_sale_until IS NULL OR on_sale.on_sale_until > card.paid_until)
WHERE card.ended_on IS NULL AND card.paid_until = business_date + days AND card.id BETWEEN first_id AND last_id
$function$;
