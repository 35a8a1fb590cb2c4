-- The partners with commands for a daily file that were queued by that instant: their id, code, and how many.
SELECT partner.id, partner.code, count(*)
FROM partners_command command
JOIN partners_fulfilment fulfilment ON fulfilment.id = command.fulfilment_id
JOIN partners_offer offer ON offer.id = fulfilment.offer_id
JOIN partners_partner partner ON partner.id = fulfilment.partner_id
WHERE command.state = 'queued' AND command.next_attempt_at <= %(at)s AND offer.mode = 'daily_file'
GROUP BY partner.id
ORDER BY partner.id
