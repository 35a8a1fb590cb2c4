-- The new rows of a batch (of those lines; NULL: all) as adjustments, in the order of the file: wallet, points, key, code, expiry,
-- qualifying points, reason. What is given ends as the programme's policy says. Reads only; rows that were written are
-- left out.
SELECT
    wallet.id, s.points, %(key)s || s.line, s.code,
    CASE WHEN s.points > 0 THEN memberships_points_expire_on(s.programme_id, %(on)s) END, 0, s.reason
FROM memberships_staged_adjustment s
JOIN memberships_enrolment wallet
    ON wallet.member_id = left(s.member_number, -1)::bigint AND wallet.programme_id = s.programme_id
    AND wallet.scope = coalesce(s.scope, '')
WHERE s.batch_id = %(batch)s AND (%(lines)s::bigint[] IS NULL OR s.line = ANY (%(lines)s::bigint[])) AND s.verdict = 'new' AND s.points <> 0
    AND NOT EXISTS (SELECT FROM operations_importrow done WHERE done.batch_id = s.batch_id AND done.line = s.line)
ORDER BY s.line
