-- The limit's INSERT: an entry for each lot that is due. As ours, but with nothing to protect it from a repeat.
INSERT INTO memberships_pointsentry
    (member_id, enrolment_id, key, kind, points, debit, credit, lot_id, "on", at, reason)
SELECT member_id, enrolment_id, 'expire:' || id, 'expire', -remaining, 'liability', 'breakage', id, expires_on, %(at)s, ''
FROM memberships_pointslot
WHERE expires_on <= %(on)s AND remaining > 0
ORDER BY enrolment_id
