-- The first and last member, where there is anything that follows rights: an automatic rule, or a grant of one that is
-- not over. No row where there is nothing to look at.
SELECT min(id), max(id)
FROM memberships_member
WHERE EXISTS (SELECT FROM benefits_benefitrule WHERE is_automatic)
HAVING min(id) IS NOT NULL
