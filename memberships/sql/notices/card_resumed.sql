-- The cards of a range whose cancellation was taken back on a business date, and that go on. Told while the next term is
-- not begun, for two weeks at the most. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_card_resumed(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT card.id, card.member_id, 'card-resumed:' || card.id || ':' || card.resumed_on,
    jsonb_build_object(
        'card', card.id, 'plan', plan.name, 'plan_en', plan.name_en, 'paid_until_on', card.paid_until,
        'has_method', method.id IS NOT NULL
    ),
    memberships_notice_has_email(card.member_id),
    least(business_date + 14, card.paid_until, member.closed_on - 1)
FROM memberships_subscription card
JOIN memberships_member member
    ON member.id = card.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_plan plan ON plan.id = card.plan_id
LEFT JOIN memberships_paymentmethod method ON method.id = card.payment_method_id AND method.removed_on IS NULL
WHERE card.resumed_on = business_date AND card.ended_on IS NULL AND card.id BETWEEN first_id AND last_id
$function$;
