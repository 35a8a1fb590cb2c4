-- Leave out of an approved dry run the foreseen commands of a range that are not as they were foreseen. May run twice.
UPDATE operations_runitem item
SET outcome = 'left_out'
WHERE item.run_id = %(run)s AND item.key BETWEEN %(first)s AND %(last)s AND item.outcome = 'foreseen'
    AND NOT EXISTS (
        SELECT FROM partners_command command
        WHERE command.id = item.key AND command.state IN ('queued', 'sent', 'unknown')
            AND command.attempts = item.seen
    )
