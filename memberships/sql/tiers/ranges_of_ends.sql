-- Ranges of wallets whose tier ends on one of %(days)s, for each ladder, in blocks that span %(size)s keys. Reads those
-- standings alone, by their index. Returns group, first and last wallet, and how many there are.
SELECT group_id, min(enrolment_id), max(enrolment_id), count(*)
FROM memberships_tierstanding
WHERE held_until = ANY (%(days)s)
GROUP BY group_id, enrolment_id / %(size)s
ORDER BY 1, 2
