-- Lock the owners of the range's payments that are to be tried again, in key order (DESIGN section 4, rule 7).
SELECT id
FROM memberships_member
WHERE id IN (SELECT member_id FROM memberships_payments_to_retry(%(on)s, %(first)s, %(last)s, %(by_hand)s, %(method)s))
ORDER BY id
FOR NO KEY UPDATE
