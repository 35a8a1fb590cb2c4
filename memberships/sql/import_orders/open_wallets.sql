-- Open the wallets of stores that the lines name and that are new to us; in key order, so that who opens the same ones at
-- the same time waits. May run twice: a wallet that is there stays.
INSERT INTO memberships_enrolment (member_id, programme_id, scope, enrolled_on, balance)
SELECT DISTINCT member.id, programme.id, s.scope, %(on)s::date, 0
FROM memberships_staged_order s
JOIN memberships_programme programme ON programme.id = s.programme_id AND programme.enrols = 'store'
JOIN memberships_member member
    ON member.id = left(s.member_number, -1)::bigint AND (member.closed_on IS NULL OR member.closed_on > %(on)s)
WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s) AND s.opens_wallet
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
