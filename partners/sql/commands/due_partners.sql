-- The partners that have commands to be sent, or asked about, through their APIs.
SELECT DISTINCT fulfilment.partner_id
FROM partners_command command
JOIN partners_fulfilment fulfilment ON fulfilment.id = command.fulfilment_id
JOIN partners_offer offer ON offer.id = fulfilment.offer_id
WHERE command.state IN ('queued', 'sent', 'unknown') AND command.next_attempt_at <= %(at)s AND offer.mode = 'api'
ORDER BY fulfilment.partner_id
