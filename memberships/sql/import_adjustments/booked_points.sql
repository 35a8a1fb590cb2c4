-- How many points batches that are applied gave and took, together; `keys` is what the keys of each begin with.
-- Reads only, by the lines that were applied.
SELECT coalesce(sum(abs(entry.points)), 0)
FROM unnest(%(batches)s::bigint[], %(keys)s::text[]) AS batch (id, key)
JOIN operations_importrow done ON done.batch_id = batch.id AND done.outcome = 'applied'
JOIN memberships_enrolment wallet ON wallet.id = done.object_id
JOIN memberships_pointsentry entry ON entry.member_id = wallet.member_id AND entry.key = batch.key || done.line
