-- Judge the new rows of a range of lines by the members there are, and each by itself: who is a member already in the same
-- words is unchanged, who is one in other words invalid (members are changed at the desk).
-- Touches staging rows of the batch only, and of those only the ones that are not simply new.
WITH judged AS MATERIALIZED (
    SELECT
        s.line, known.member_id, programme.code AS programme,
        CASE
            WHEN s.joined_on > %(on)s THEN 'future_date'
            WHEN s.programme_id IS NULL AND s.opening_points > 0 THEN 'programme_required'
            WHEN programme.audience <> 'person' THEN 'wrong_audience'
            WHEN programme.enrols = 'store' AND s.scope IS NULL THEN 'store_required'
            WHEN coalesce(programme.enrols, 'member') = 'member' AND s.scope IS NOT NULL THEN 'store_not_allowed'
            WHEN s.expires_on <= %(on)s AND booked.id IS NULL THEN 'past_date'
            WHEN known.member_id IS NULL THEN NULL
            WHEN member.closed_on <= %(on)s AND memberships_survivor_of(member.id) IS NOT NULL THEN 'member_merged'
            WHEN (coalesce(s.name, ''), coalesce(s.mobile, ''), coalesce(s.email, ''))
                    = (coalesce(contact.name, ''), coalesce(contact.mobile, ''), coalesce(contact.email, ''))
                AND coalesce(s.language, contact.language, '') = coalesce(contact.language, '')
                AND coalesce(s.joined_on, member.joined_on) = member.joined_on
                AND (s.programme_id IS NULL OR wallet.id IS NOT NULL)
                AND coalesce(s.opening_points, 0) = coalesce(booked.points, 0)
                THEN 'unchanged'
            ELSE 'member_known'
        END AS finding
    FROM memberships_staged_person s
    LEFT JOIN memberships_programme programme ON programme.id = s.programme_id
    LEFT JOIN memberships_memberreference known
        ON known.source = coalesce(s.source, %(source)s) AND known.external_id = s.external_id
    LEFT JOIN memberships_member member ON member.id = known.member_id
    LEFT JOIN memberships_membercontact contact ON contact.member_id = known.member_id AND contact.is_primary
    LEFT JOIN memberships_enrolment wallet
        ON wallet.member_id = known.member_id AND wallet.programme_id = s.programme_id
        AND wallet.scope = coalesce(s.scope, '')
    LEFT JOIN memberships_pointsentry booked
        ON booked.member_id = known.member_id AND booked.key = 'opening:' || wallet.id
    WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'new'
)
UPDATE memberships_staged_person s
SET object_id = judged.member_id,
    verdict = CASE judged.finding WHEN 'unchanged' THEN 'unchanged' ELSE 'invalid' END,
    faults = CASE WHEN judged.finding <> 'unchanged' THEN jsonb_build_array(jsonb_build_object(
        'column', CASE judged.finding
            WHEN 'future_date' THEN %(joined_column)s::text WHEN 'past_date' THEN %(expires_column)s::text
            WHEN 'store_required' THEN %(scope_column)s::text WHEN 'store_not_allowed' THEN %(scope_column)s::text
            WHEN 'member_known' THEN %(id_column)s::text WHEN 'member_merged' THEN %(id_column)s::text
            ELSE %(programme_column)s::text
        END,
        'value', CASE judged.finding
            WHEN 'future_date' THEN s.joined_on::text WHEN 'past_date' THEN s.expires_on::text
            WHEN 'store_required' THEN '' WHEN 'store_not_allowed' THEN s.scope
            WHEN 'member_known' THEN s.external_id WHEN 'member_merged' THEN s.external_id
            ELSE coalesce(judged.programme, '')
        END,
        'code', judged.finding,
        'expected', CASE
            WHEN judged.finding IN ('future_date', 'past_date') THEN %(on)s::text
            WHEN judged.finding = 'member_merged' THEN memberships_number_of(memberships_survivor_of(judged.member_id))
            ELSE coalesce(judged.programme, '')
        END
    )) END
FROM judged
WHERE s.batch_id = %(batch)s AND s.line = judged.line AND judged.finding IS NOT NULL
