-- Note the commands that a partner's next file would hold, %(most)s at most, as items of a dry run.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, command.id, command.member_id, command.kind, 0, 0, 'foreseen'
FROM partners_command command
WHERE command.state = 'queued' AND command.next_attempt_at <= %(at)s AND command.partner_id = %(partner)s
    AND command.mode = 'daily_file'
ORDER BY command.id
LIMIT %(most)s
ON CONFLICT DO NOTHING
