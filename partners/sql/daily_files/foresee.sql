-- Note the commands that a partner's next file would hold as items of a dry run.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT %(run)s, command.id, command.member_id, command.kind, 0, 0, 'foreseen'
FROM partners_command command
JOIN partners_fulfilment fulfilment ON fulfilment.id = command.fulfilment_id
JOIN partners_offer offer ON offer.id = fulfilment.offer_id
WHERE command.state = 'queued' AND command.next_attempt_at <= %(at)s AND fulfilment.partner_id = %(partner)s
    AND offer.mode = 'daily_file'
ON CONFLICT DO NOTHING
