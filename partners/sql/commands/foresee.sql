-- Note a partner's due commands of a range of ids as items of a dry run, with how often each was tried.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, command.id, command.member_id, command.kind, 0, command.attempts, 'foreseen'
FROM partners_command command
JOIN partners_partner partner ON partner.id = command.partner_id
WHERE command.state IN ('queued', 'sent', 'unknown') AND command.next_attempt_at <= %(at)s AND command.mode = 'api'
    AND partner.code = %(partner)s AND command.id BETWEEN %(first)s AND %(last)s
ON CONFLICT DO NOTHING
