-- The partners with commands for a daily file that were queued by that instant: their id, code, and how many
-- of them the next file takes.
SELECT partner.id, partner.code, least(count(*), %(most)s)
FROM partners_command command
JOIN partners_partner partner ON partner.id = command.partner_id
WHERE command.state = 'queued' AND command.next_attempt_at <= %(at)s AND command.mode = 'daily_file'
GROUP BY partner.id
ORDER BY partner.id
