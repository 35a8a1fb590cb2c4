-- The dead letters, fulfilments, events and status matches in one list. Each part is read by its partial index of dead
-- rows. Keys are those of the rows, tripled, with the rest saying which of the three it is.
CREATE VIEW partners_deadletter AS
SELECT
    id * 3 AS id, 'fulfilment'::text AS kind, partner_id, member_id, id AS fulfilment_id, NULL::bigint AS event_id,
    NULL::bigint AS match_id, key AS subject, error AS reason, dead_at AS since
FROM partners_fulfilment
WHERE dead_at IS NOT NULL
UNION ALL
SELECT
    id * 3 + 1, 'event'::text, partner_id, member_id, fulfilment_id, id, NULL::bigint, type, error, received_at
FROM partners_inboundevent
WHERE state = 'dead'
UNION ALL
SELECT
    id * 3 + 2, 'match'::text, partner_id, member_id, NULL::bigint, NULL::bigint, id, key, error, dead_at
FROM partners_statusmatch
WHERE dead_at IS NOT NULL
