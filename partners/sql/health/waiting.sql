-- By partner: how many fulfilments are not what is wanted, since when the oldest command of them waits, how many were
-- given up, and how many events and status matches are dead. None is counted beyond %(most)s, and the oldest is of those that were read.
-- Reads the partial indexes fulfilment_behind, fulfilment_dead, command_one_open, inboundevent_dead and statusmatch_dead. Locks nothing.
SELECT
    partner.id,
    (
        SELECT count(*) FROM (
            SELECT FROM partners_fulfilment f
            WHERE f.partner_id = partner.id AND f.dead_at IS NULL AND NOT (f.wanted = f.state)
            LIMIT %(most)s
        ) behind
    ),
    (
        SELECT min(c.created_at)
        FROM (
            SELECT f.id FROM partners_fulfilment f
            WHERE f.partner_id = partner.id AND f.dead_at IS NULL AND NOT (f.wanted = f.state)
            ORDER BY f.id
            LIMIT %(most)s
        ) behind
        JOIN partners_command c ON c.fulfilment_id = behind.id AND c.state IN ('queued', 'sent', 'unknown')
    ),
    (
        SELECT count(*) FROM (
            SELECT FROM partners_fulfilment f WHERE f.partner_id = partner.id AND f.dead_at IS NOT NULL LIMIT %(most)s
        ) dead
    ),
    (
        SELECT count(*) FROM (
            SELECT FROM partners_inboundevent e WHERE e.partner_id = partner.id AND e.state = 'dead' LIMIT %(most)s
        ) dead
    ),
    (
        SELECT count(*) FROM (
            SELECT FROM partners_statusmatch m WHERE m.partner_id = partner.id AND m.dead_at IS NOT NULL LIMIT %(most)s
        ) dead
    ),
    (
        SELECT e.received_at FROM partners_inboundevent e WHERE e.partner_id = partner.id ORDER BY e.id DESC LIMIT 1
    )
FROM unnest(%(partners)s::bigint[]) AS partner (id)
