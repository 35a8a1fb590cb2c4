-- The members of a range who hold something whose last day is so many days after a business date: coupons, gifts and the
-- like that were not used; not what follows a card or a tier, which ends with it. Names three of them and says how many
-- there are; `id` is the member. Told until that day. Reads the index of what runs out.
-- Reads only. What a record holds that was merged into another one is told to the one that stays, in a notice of its own.
CREATE OR REPLACE FUNCTION benefits_notice_benefits_end(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT held.member_id, member.id,
    'benefits-end:' || (business_date + days) || ':' || days
        || CASE WHEN member.id = held.member_id THEN '' ELSE ':of:' || held.member_id END,
    jsonb_build_object(
        'benefits', held.count, 'others', greatest(held.count - 3, 0), 'names', held.names, 'names_en', held.names_en, 'last_on', business_date + days
    ),
    memberships_notice_has_email(member.id),
    least(business_date + days, member.closed_on - 1)
FROM (
    SELECT ending.member_id, count(*),
        string_agg(ending.name, '、' ORDER BY ending.id) FILTER (WHERE place <= 3) AS names,
        string_agg(ending.name_en, ', ' ORDER BY ending.id) FILTER (WHERE place <= 3) AS names_en
    FROM (
        SELECT held.id, held.member_id, benefit.name, benefit.name_en,
            row_number() OVER (PARTITION BY held.member_id ORDER BY held.id) AS place
        FROM benefits_grant held
        JOIN benefits_benefit benefit ON benefit.id = held.benefit_id
        WHERE held.valid_until = business_date + days AND held.state = 'live'
            AND held.member_id BETWEEN first_id AND last_id
            AND (held.redemption_id IS NOT NULL OR held.rule_id IS NULL)
    ) AS ending
    GROUP BY ending.member_id
) AS held
JOIN memberships_member holder ON holder.id = held.member_id
JOIN memberships_member member
    ON member.id = CASE
        WHEN holder.closed_on IS NULL THEN holder.id ELSE coalesce(memberships_survivor_of(holder.id), holder.id)
    END AND (member.closed_on IS NULL OR member.closed_on > business_date)
$function$;
