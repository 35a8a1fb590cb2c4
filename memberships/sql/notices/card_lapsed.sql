-- The cards of a range that a business date's night ended because their grace was over: found by their last terms, of
-- which one in so many days of grace ends on a day; of cards that waited for an answer up to two days longer, too.
-- Told for two weeks, and only as long as the member has no other card of the programme. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_card_lapsed(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT card.id, card.member_id, 'card-lapsed:' || card.id,
    jsonb_build_object(
        'card', card.id, 'plan', plan.name, 'plan_en', plan.name_en, 'paid_until_on', card.paid_until,
        'ended_on', card.ended_on
    ),
    memberships_notice_has_email(card.member_id),
    least(business_date + 14, member.closed_on - 1)
FROM (SELECT DISTINCT grace_days FROM memberships_plan) AS grace
JOIN memberships_term term
    ON term.ends_on BETWEEN business_date - grace.grace_days - 3 AND business_date - grace.grace_days - 1
JOIN memberships_subscription card
    ON card.id = term.subscription_id AND card.lapsed_on = business_date AND card.paid_until = term.ends_on
    AND card.ended_on = card.paid_until + grace.grace_days
JOIN memberships_member member
    ON member.id = card.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_plan plan ON plan.id = card.plan_id
WHERE card.id BETWEEN first_id AND last_id AND NOT EXISTS (
    SELECT FROM memberships_subscription other
    WHERE other.member_id = card.member_id AND other.programme_id = card.programme_id AND other.ended_on IS NULL
)
$function$;
