-- By which rules of a programme what a member used could have been used, whatever plan they had: for each use (a place,
-- its benefit, category, day and the rule that it went by) the rules in force for it and the window that the day stands
-- in. A rule that names no plan holds for those who were enrolled then; one of a tier or region, for what was used by
-- it; one of a segment, for its members of that day. Reads only.
SELECT used.place, rule.id, rule.code, rule.plan_code, rule.category, rule.quota, rule.member_price,
    rule.is_automatic, rule.choice_group_id, stands.first, stands.after
FROM json_to_recordset(%(uses)s) AS used (place integer, benefit bigint, category text, day date, rule bigint)
JOIN benefits_benefitrule rule ON rule.benefit_id = used.benefit AND rule.starts_on <= used.day
    AND (rule.ends_on IS NULL OR rule.ends_on >= used.day)
    AND (used.category IS NULL OR rule.category IN ('', used.category))
    AND (rule.tier_id IS NULL OR rule.id = used.rule) AND (rule.region = '' OR rule.id = used.rule)
    AND (rule.segment = '' OR EXISTS (
        SELECT FROM benefits_membersegment belongs
        WHERE belongs.member_id = %(member)s AND belongs.segment = rule.segment AND belongs.since <= used.day
            AND (belongs.until IS NULL OR belongs.until >= used.day)
    ))
    AND (rule.plan_code <> '' OR rule.tier_id IS NOT NULL OR EXISTS (
        SELECT FROM memberships_enrolment wallet
        WHERE wallet.member_id = %(member)s AND wallet.programme_id = %(programme)s AND wallet.enrolled_on <= used.day
    ))
CROSS JOIN LATERAL benefits_window(
    rule."window", rule.basis, %(anchor)s::date, used.day, %(term_from)s::date, %(term_after)s::date
) AS stands
ORDER BY used.place, rule.category = '', rule.code
