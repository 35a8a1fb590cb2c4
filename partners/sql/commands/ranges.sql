-- Ranges of ids with %(size)s commands of a partner each that are to be sent, or asked about, through its API; of an
-- approved dry run, those that it lists.
SELECT min(id), max(id), count(*), code
FROM (
    SELECT
        command.id, partner.code, (row_number() OVER (PARTITION BY partner.id ORDER BY command.id) - 1) / %(size)s AS block
    FROM partners_command command
    JOIN partners_partner partner ON partner.id = command.partner_id
    WHERE command.state IN ('queued', 'sent', 'unknown') AND command.next_attempt_at <= %(at)s AND command.mode = 'api'
        AND (%(approved)s::bigint IS NULL OR EXISTS (
            SELECT FROM operations_runitem item WHERE item.run_id = %(approved)s AND item.key = command.id
        ))
) AS due
GROUP BY code, block
ORDER BY code, block
