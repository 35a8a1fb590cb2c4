-- The refunds of a range that the gateway paid in the last three days up to a business date's end, and of which the
-- member was not told yet. Told for two weeks. The days are found in the payments'
-- events, which lie in the order in which they happened. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_refund_paid(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT paid.id, paid.member_id, 'refund-paid:' || paid.id,
    jsonb_build_object(
        'payment', payment.id, 'plan', plan.name, 'plan_en', plan.name_en, 'refund_amount', paid.amount::text,
        'day_on', paid."on"
    ),
    memberships_notice_has_email(paid.member_id),
    least(paid."on" + 14, member.closed_on - 1)
FROM memberships_paymentevent paid
JOIN memberships_payment payment ON payment.id = paid.payment_id
JOIN memberships_plan plan ON plan.id = payment.plan_id
JOIN memberships_member member
    ON member.id = paid.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
WHERE paid.kind = 'refunded' AND paid.id BETWEEN first_id AND last_id
    AND paid.at >= (business_date - 2)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND paid.at < (business_date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND NOT EXISTS (
        SELECT FROM operations_notice told
        WHERE told.owner = paid.member_id AND told.key = 'refund-paid:' || paid.id
    )
$function$;
