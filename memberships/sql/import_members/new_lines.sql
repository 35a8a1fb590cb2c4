-- The new lines of a range. Reads only.
SELECT array_agg(line) FROM memberships_staged_person
WHERE batch_id = %(batch)s AND line BETWEEN %(first)s AND %(last)s AND verdict = 'new'
