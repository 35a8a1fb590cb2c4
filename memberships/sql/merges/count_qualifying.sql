-- Let qualifying points of some wallets count in others, too, on the days on which they counted there. Entries of
-- qualifying points alone, which move no balance; they stay in the former wallet, whose ladder is climbed no more.
-- Touches the entries it makes; the wallets are locked by the caller.
-- May run twice: what was booked under its key is left alone.
INSERT INTO memberships_pointsentry
    (member_id, enrolment_id, key, kind, points, qualifying, debit, credit, reason_code_id, "on", at, actor_id, reason)
SELECT target.member_id, target.id, %(key)s || ':counts:' || counted.enrolment_id || ':' || counted."on", 'adjust', 0,
    counted.qualifying, 'adjustment', 'liability', code.id, counted."on", %(at)s, %(actor)s, %(reason)s
FROM unnest(%(sources)s::bigint[], %(targets)s::bigint[]) AS asked (source_id, target_id)
JOIN memberships_enrolment target ON target.id = asked.target_id
JOIN memberships_adjustmentreason code ON code.code = %(code)s
JOIN LATERAL (
    SELECT entry.enrolment_id, entry."on", sum(entry.qualifying)::bigint AS qualifying
    FROM memberships_pointsentry entry
    WHERE entry.enrolment_id = asked.source_id AND entry.qualifying <> 0
    GROUP BY entry.enrolment_id, entry."on"
    HAVING sum(entry.qualifying) <> 0
) AS counted ON true
ON CONFLICT (member_id, key) DO NOTHING
