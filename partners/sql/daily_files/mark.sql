-- Say of a dry run's items whether they stand in the partner's file of that day. May run twice.
UPDATE operations_runitem item
SET outcome = CASE WHEN line.id IS NULL THEN 'left_out' ELSE 'done' END
FROM partners_command command
LEFT JOIN partners_dailyfileline line ON line.command_id = command.id
WHERE item.run_id = %(run)s AND command.id = item.key AND command.partner_id = %(partner)s AND item.outcome = 'foreseen'
