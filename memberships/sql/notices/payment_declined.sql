-- The payments of a range that a gateway declined in the last seven days up to a business date's end, that are declined
-- still, and of whose attempt nobody was told yet: an answer may come after its night's run. Told until the last day of
-- grace. What is not paid is found by payment_unpaid, which is small whatever the table's past. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_payment_declined(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT payment.id, payment.member_id, 'payment-declined:' || payment.id || ':' || payment.attempt,
    jsonb_build_object(
        'payment', payment.id, 'plan', plan.name, 'plan_en', plan.name_en, 'price_amount', payment.amount::text,
        'paid_until_on', card.paid_until, 'grace_until_on', card.paid_until + own.grace_days,
        -- The night that was to try again has come first: what it left, it does not try.
        'again_on', CASE WHEN payment.next_attempt_on > business_date THEN payment.next_attempt_on END
    ),
    EXISTS (
        SELECT FROM memberships_membercontact contact
        WHERE contact.member_id = payment.member_id AND contact.is_primary AND contact.email <> ''
    ),
    least(card.paid_until + own.grace_days, member.closed_on - 1)
FROM memberships_payment payment
JOIN memberships_subscription card ON card.id = payment.subscription_id AND card.ended_on IS NULL
JOIN memberships_plan own ON own.id = card.plan_id
JOIN memberships_plan plan ON plan.id = payment.plan_id
JOIN memberships_member member
    ON member.id = payment.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
WHERE payment.state = 'declined' AND payment.purpose = 'renewal' AND payment.id BETWEEN first_id AND last_id
    AND payment.answered_at >= (business_date - 6)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND payment.answered_at < (business_date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND NOT EXISTS (
        SELECT FROM operations_notice told
        WHERE told.owner = payment.member_id
            AND told.key = 'payment-declined:' || payment.id || ':' || payment.attempt
    )
$function$;
