-- The wallets of a range some of whose points end so many days after a business date, and how many: lots that end on
-- that day, or all lots of a wallet that is idle by then. Told until the day before. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_points_expire(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT wallet.id, wallet.member_id, 'points-expire:' || wallet.id || ':' || (business_date + days) || ':' || days,
    jsonb_build_object(
        'wallet', wallet.id, 'programme', programme.name, 'programme_en', programme.name_en,
        'points', sum(lot.remaining)::bigint, 'expires_on', business_date + days
    ),
    EXISTS (
        SELECT FROM memberships_membercontact contact
        WHERE contact.member_id = wallet.member_id AND contact.is_primary AND contact.email <> ''
    ),
    least(business_date + days - 1, member.closed_on - 1)
FROM (
    SELECT l.enrolment_id, l.member_id, l.id, l.remaining
    FROM memberships_pointslot l
    WHERE l.expires_on = business_date + days AND l.enrolment_id BETWEEN first_id AND last_id
        AND l.remaining > 0 AND l.pending_until IS NULL
    UNION
    SELECT l.enrolment_id, l.member_id, l.id, l.remaining
    FROM memberships_enrolment idle
    JOIN memberships_pointslot l ON l.enrolment_id = idle.id
    WHERE idle.idle_on = business_date + days AND idle.id BETWEEN first_id AND last_id
        AND l.remaining > 0 AND l.pending_until IS NULL
) AS lot
JOIN memberships_enrolment wallet ON wallet.id = lot.enrolment_id
JOIN memberships_member member
    ON member.id = wallet.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_programme programme ON programme.id = wallet.programme_id
WHERE NOT EXISTS (
    SELECT FROM memberships_pointsentry gone
    WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
)
GROUP BY wallet.id, wallet.member_id, member.closed_on, programme.name, programme.name_en
$function$;
