-- Lock the members of a range of ids for whom something would be given or ended, in key order (DESIGN section 4, rule 7):
-- two who follow the rights of a member take turns, and the second one looks at what the first one committed.
SELECT id
FROM memberships_member
WHERE id IN (SELECT member_id FROM benefits_grant_changes(%(first)s, %(last)s, %(on)s))
ORDER BY id
FOR NO KEY UPDATE
