-- The benefits of which something would be given to those members of a range of ids that are locked. Reads only.
SELECT DISTINCT benefit_id
FROM benefits_grant_changes(%(first)s, %(last)s, %(on)s)
WHERE kind = 'give' AND member_id = ANY(%(members)s::bigint[])
ORDER BY benefit_id
