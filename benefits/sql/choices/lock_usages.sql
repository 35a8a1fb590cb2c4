-- Lock the Usage rows of a choice group's options for a member, in the order of benefits: who chooses, exchanges or
-- uses one of them waits, or has committed before the next statement looks.
SELECT id
FROM benefits_usage
WHERE member_id = %(member)s
    AND benefit_id IN (SELECT option.benefit_id FROM benefits_choiceoption option WHERE option.group_id = %(group)s)
ORDER BY benefit_id
FOR NO KEY UPDATE
