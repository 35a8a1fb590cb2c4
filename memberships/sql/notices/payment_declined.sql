-- The payments of a range that a gateway declined on a business date, each attempt once. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_payment_declined(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean)
LANGUAGE sql STABLE AS $function$
SELECT payment.id, payment.member_id, 'payment-declined:' || payment.id || ':' || payment.attempt,
    jsonb_build_object(
        'payment', payment.id, 'plan', plan.name, 'plan_en', plan.name_en, 'price_amount', payment.amount::text,
        'paid_until_on', card.paid_until, 'grace_until_on', card.paid_until + plan.grace_days,
        'again_on', payment.next_attempt_on
    ),
    EXISTS (
        SELECT FROM memberships_membercontact contact
        WHERE contact.member_id = payment.member_id AND contact.is_primary AND contact.email <> ''
    )
FROM memberships_payment payment
JOIN memberships_subscription card ON card.id = payment.subscription_id AND card.ended_on IS NULL
JOIN memberships_plan plan ON plan.id = payment.plan_id
WHERE payment.state = 'declined' AND payment.purpose = 'renewal' AND payment.id BETWEEN first_id AND last_id
    AND payment.answered_at >= business_date::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND payment.answered_at < (business_date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
$function$;
