-- The partners that have commands to be sent, or asked about, through their APIs. Reads command_due_at_api, once for each.
SELECT partner.id
FROM partners_partner partner
WHERE EXISTS (
    SELECT FROM partners_command command
    WHERE command.partner_id = partner.id AND command.mode = 'api' AND command.state IN ('queued', 'sent', 'unknown')
        AND command.next_attempt_at <= %(at)s
)
ORDER BY partner.id
