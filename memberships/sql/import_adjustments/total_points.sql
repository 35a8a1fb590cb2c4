-- How many points the new rows of a batch give and take, together. Reads only.
SELECT coalesce(sum(abs(points)), 0) FROM memberships_staged_adjustment WHERE batch_id = %(batch)s AND verdict = 'new'
