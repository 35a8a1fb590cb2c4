-- Say of the foreseen commands of a range which were tried, now that the calls are over; the others were left out, since
-- another worker was at the partner, or it was not to be spoken to. May run twice: what was said once stays.
UPDATE operations_runitem item
SET outcome = CASE WHEN EXISTS (
    SELECT FROM partners_command command
    WHERE command.id = item.key AND command.state IN ('queued', 'sent', 'unknown') AND command.attempts = item.seen
) THEN 'left_out' ELSE 'done' END
WHERE item.run_id = %(run)s AND item.key BETWEEN %(first)s AND %(last)s AND item.outcome = 'foreseen'
