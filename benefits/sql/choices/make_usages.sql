-- The Usage rows of a choice group's options for a member, where there are none; in the order of benefits, so that two
-- who make them take turns. May run twice: those that are there stay.
INSERT INTO benefits_usage (member_id, benefit_id, uses)
SELECT %(member)s, option.benefit_id, 0
FROM benefits_choiceoption option
WHERE option.group_id = %(group)s AND NOT EXISTS (
    SELECT FROM benefits_usage usage WHERE usage.member_id = %(member)s AND usage.benefit_id = option.benefit_id
)
ORDER BY option.benefit_id
ON CONFLICT (member_id, benefit_id) DO NOTHING
