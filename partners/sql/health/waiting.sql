-- By partner: how many fulfilments are not what is wanted, and how many status matches it has not been told of or has not
-- answered; since when the oldest of both waits; how many fulfilments were given up, and how many events and status
-- matches are dead; when it was last heard. Of each, none is counted beyond %(most)s, and the oldest is of those that were
-- read.
-- A fulfilment waits since its open command was made; without one (who waits for a code) since it was requested. A match
-- waits since it was asked for; one that was revoked since its end was to be told: from its day on, once that was tried.
-- Reads the partial indexes fulfilment_behind, fulfilment_dead, command_one_open, inboundevent_dead, statusmatch_dead and
-- statusmatch_untold. Locks nothing.
SELECT
    partner.id, fulfilments.count, matches.count, least(fulfilments.oldest, matches.oldest),
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
CROSS JOIN LATERAL (
    SELECT
        count(*) AS count,
        min(coalesce(c.created_at, CASE WHEN behind.activated_on IS NULL THEN behind.requested_at END)) AS oldest
    FROM (
        SELECT f.id, f.activated_on, f.requested_at
        FROM partners_fulfilment f
        WHERE f.partner_id = partner.id AND f.dead_at IS NULL AND NOT (f.wanted = f.state)
        ORDER BY f.id
        LIMIT %(most)s
    ) behind
    LEFT JOIN partners_command c ON c.fulfilment_id = behind.id AND c.state IN ('queued', 'sent', 'unknown')
) AS fulfilments
CROSS JOIN LATERAL (
    SELECT count(*) AS count, min(untold.since) AS oldest
    FROM (
        SELECT CASE
            WHEN m.state <> 'revoked' THEN m.at
            WHEN m.attempts = 0 THEN m.next_attempt_at
            ELSE greatest(m.at, m.ended_on::timestamp AT TIME ZONE 'Asia/Shanghai')
        END AS since
        FROM partners_statusmatch m
        WHERE m.partner_id = partner.id AND m.next_attempt_at IS NOT NULL
        ORDER BY m.id
        LIMIT %(most)s
    ) untold
) AS matches
