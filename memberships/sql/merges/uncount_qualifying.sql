-- Take back the qualifying points that a merge let count (count_qualifying.sql), on the days on which they counted.
-- Touches the entries it makes; the wallets are locked by the caller. May run twice: its keys are taken then.
INSERT INTO memberships_pointsentry
    (member_id, enrolment_id, key, kind, points, qualifying, debit, credit, reason_code_id, "on", at, actor_id, reason)
SELECT entry.member_id, entry.enrolment_id, replace(entry.key, ':counts:', ':counted:'), 'adjust', 0, -entry.qualifying,
    entry.debit, entry.credit, entry.reason_code_id, entry."on", %(at)s, %(actor)s, %(reason)s
FROM memberships_pointsentry entry
WHERE entry.member_id = %(member)s AND starts_with(entry.key, %(key)s || ':counts:')
ON CONFLICT (member_id, key) DO NOTHING
