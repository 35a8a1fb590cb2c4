-- The tiers of a range (of a member on a ladder) of which it was foreseen that they will be lost, whose period ends so
-- many days after a business date: what tiers/will_change.sql has told, in the words of a person. Told until the
-- period's last day. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_tier_ends(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT standing.id, standing.member_id, 'tier-ends:' || standing.id || ':' || standing.held_until || ':' || days,
    jsonb_build_object(
        'wallet', standing.enrolment_id, 'programme', programme.name, 'programme_en', programme.name_en,
        'tier', tier.name, 'tier_en', tier.name_en, 'ends_on', standing.held_until,
        'lost_on', foreseen.payload ->> 'lost_on', 'missing', foreseen.payload -> 'missing'
    ),
    EXISTS (
        SELECT FROM memberships_membercontact contact
        WHERE contact.member_id = standing.member_id AND contact.is_primary AND contact.email <> ''
    ),
    least(standing.held_until, member.closed_on - 1)
FROM memberships_tierstanding standing
JOIN memberships_member member
    ON member.id = standing.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_tier tier ON tier.id = standing.tier_id
JOIN memberships_tiergroup ladder ON ladder.id = standing.group_id
JOIN memberships_programme programme ON programme.id = ladder.programme_id
JOIN operations_outboxmessage foreseen
    ON foreseen.key = 'tier-will-change:' || standing.enrolment_id || ':' || standing.group_id || ':'
        || standing.held_until || ':' || days
WHERE standing.held_until = business_date + days AND standing.id BETWEEN first_id AND last_id
$function$;
