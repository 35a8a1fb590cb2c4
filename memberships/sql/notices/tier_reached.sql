-- The steps up of a range in the last three days up to a business date, of members who still stand where it led them and
-- were not told yet: a step may be made after its night's run. Told for two weeks. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_tier_reached(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT step.id, step.member_id, 'tier-reached:' || step.id,
    jsonb_build_object(
        'wallet', step.enrolment_id, 'programme', programme.name, 'programme_en', programme.name_en,
        'tier', tier.name, 'tier_en', tier.name_en, 'day_on', step."on", 'held_until_on', standing.held_until
    ),
    memberships_notice_has_email(step.member_id),
    least(step."on" + 14, member.closed_on - 1)
FROM memberships_tiergroup ladder
JOIN memberships_tierchange step
    ON step.group_id = ladder.id AND step."on" BETWEEN business_date - 2 AND business_date AND step.kind = 'up'
JOIN memberships_tierstanding standing
    ON standing.member_id = step.member_id AND standing.enrolment_id = step.enrolment_id
    AND standing.group_id = step.group_id AND standing.tier_id = step.to_tier_id
JOIN memberships_tier tier ON tier.id = step.to_tier_id
JOIN memberships_programme programme ON programme.id = ladder.programme_id
JOIN memberships_member member
    ON member.id = step.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
WHERE step.id BETWEEN first_id AND last_id
    -- Of two steps to the same tier, the last one.
    AND NOT EXISTS (
        SELECT FROM memberships_tierchange later
        WHERE later.enrolment_id = step.enrolment_id AND later.group_id = step.group_id AND later.id > step.id
            AND later.kind = 'up'
    )
    AND NOT EXISTS (
        SELECT FROM operations_notice told
        WHERE told.owner = step.member_id AND told.key = 'tier-reached:' || step.id
    )
$function$;
