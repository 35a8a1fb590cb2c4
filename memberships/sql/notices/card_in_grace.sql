-- The cards of a range that are in grace since a business date: their last paid day was the one before.
-- Told until the last day of grace. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_card_in_grace(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT card.id, card.member_id, 'card-in-grace:' || card.id || ':' || card.paid_until,
    jsonb_build_object(
        'card', card.id, 'plan', plan.name, 'plan_en', plan.name_en, 'paid_until_on', card.paid_until,
        'grace_until_on', card.paid_until + plan.grace_days
    ),
    EXISTS (
        SELECT FROM memberships_membercontact contact
        WHERE contact.member_id = card.member_id AND contact.is_primary AND contact.email <> ''
    ),
    least(card.paid_until + plan.grace_days, member.closed_on - 1)
FROM memberships_subscription card
JOIN memberships_member member
    ON member.id = card.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_plan plan ON plan.id = card.plan_id AND plan.grace_days > 0
WHERE card.ended_on IS NULL AND card.paid_until = business_date - 1 AND card.id BETWEEN first_id AND last_id
$function$;
