-- The benefits of which something would be given to members of a range of ids. Reads only.
SELECT DISTINCT benefit_id FROM benefits_grant_changes(%(first)s, %(last)s, %(on)s) WHERE kind = 'give' ORDER BY benefit_id
