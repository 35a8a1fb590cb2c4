-- Of which lot each spend drew.
INSERT INTO memberships_lotdraw (id, member_id, entry_id, lot_id, points)
SELECT row_number() OVER (), member_id, id, split_part(key, ':', 2)::bigint, -points
FROM memberships_pointsentry
WHERE kind = 'spend'
ORDER BY id
