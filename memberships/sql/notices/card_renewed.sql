-- The payments of a range for a card's next term that were made in the last three days up to a business date's end, and
-- of which the member was not told yet: an answer may come after its night's run. Told for a week. The days are found in
-- the payments' events, which lie in the order in which they happened. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_card_renewed(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT payment.id, payment.member_id, 'card-renewed:' || payment.id,
    jsonb_build_object(
        'payment', payment.id, 'plan', plan.name, 'plan_en', plan.name_en, 'price_amount', payment.amount::text,
        'starts_on', payment.starts_on, 'ends_on', payment.ends_on
    ),
    memberships_notice_has_email(payment.member_id),
    least(paid."on" + 7, member.closed_on - 1)
FROM memberships_paymentevent paid
JOIN memberships_payment payment
    ON payment.id = paid.payment_id AND payment.purpose = 'renewal' AND payment.state = 'succeeded'
JOIN memberships_plan plan ON plan.id = payment.plan_id
JOIN memberships_member member
    ON member.id = payment.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
WHERE paid.kind = 'succeeded' AND payment.id BETWEEN first_id AND last_id
    AND paid.at >= (business_date - 2)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND paid.at < (business_date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND NOT EXISTS (
        SELECT FROM operations_notice told
        WHERE told.owner = payment.member_id AND told.key = 'card-renewed:' || payment.id
    )
$function$;
