-- How many opening points the new rows of a batch give, together. Reads only.
SELECT coalesce(sum(opening_points), 0) FROM memberships_staged_person WHERE batch_id = %(batch)s AND verdict = 'new'
