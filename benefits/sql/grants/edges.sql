-- The first and last member, where there is an automatic rule, also one that is over: it may have grants still to be
-- ended. No row where there is none, or no member.
SELECT min(id), max(id)
FROM memberships_member
WHERE EXISTS (SELECT FROM benefits_benefitrule WHERE is_automatic)
HAVING min(id) IS NOT NULL
