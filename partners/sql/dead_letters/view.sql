-- The dead letters, fulfilments and events in one list. Both halves are read by their partial indexes of dead rows.
-- Keys are those of the rows, doubled, with the last bit saying which of the two it is.
CREATE VIEW partners_deadletter AS
SELECT
    id * 2 AS id, 'fulfilment'::text AS kind, partner_id, member_id, id AS fulfilment_id, NULL::bigint AS event_id,
    key AS subject, error AS reason, dead_at AS since
FROM partners_fulfilment
WHERE dead_at IS NOT NULL
UNION ALL
SELECT
    id * 2 + 1, 'event'::text, partner_id, member_id, fulfilment_id, id, type, error, received_at
FROM partners_inboundevent
WHERE state = 'dead'
