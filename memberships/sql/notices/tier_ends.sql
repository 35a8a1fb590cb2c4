-- The wallets of a range of which it was foreseen that a tier will be lost, whose period ends so many days after a
-- business date: what tiers/foresee_downgrades.sql has told, in the words of a person. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_tier_ends(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean)
LANGUAGE sql STABLE AS $function$
SELECT DISTINCT ON (standing.enrolment_id)
    standing.enrolment_id, standing.member_id, 'tier-ends:' || standing.id || ':' || standing.held_until || ':' || days,
    jsonb_build_object(
        'wallet', standing.enrolment_id, 'programme', programme.name, 'programme_en', programme.name_en,
        'tier', tier.name, 'tier_en', tier.name_en, 'ends_on', standing.held_until,
        'lost_on', foreseen.payload ->> 'lost_on', 'missing', foreseen.payload -> 'missing', 'days', days
    ),
    EXISTS (
        SELECT FROM memberships_membercontact contact
        WHERE contact.member_id = standing.member_id AND contact.is_primary AND contact.email <> ''
    )
FROM memberships_tierstanding standing
JOIN memberships_tier tier ON tier.id = standing.tier_id
JOIN memberships_tiergroup ladder ON ladder.id = standing.group_id
JOIN memberships_programme programme ON programme.id = ladder.programme_id
JOIN operations_outboxmessage foreseen
    ON foreseen.key = 'tier-will-change:' || standing.enrolment_id || ':' || standing.group_id || ':'
        || standing.held_until || ':' || days
WHERE standing.held_until = business_date + days AND standing.enrolment_id BETWEEN first_id AND last_id
ORDER BY standing.enrolment_id, standing.group_id
$function$;
