-- Queue the next command of each of these fulfilments that needs one and has none open.
--
-- Before: a command that was never sent and is not what is needed any more is put away; one whose aim is reached, by
-- whatever the partner told, is done; one that the partner accepted, and which is not wanted any more, is not waited
-- for; what was never sent and is to be revoked is revoked without a call.
-- After: given up is what failed, what the partner refused or undid by itself and is needed still or again (all that
-- unless it is a new wish), and what is wanted and was revoked. So nothing goes round in circles. Not given up any more
-- is what has come to be as it is wanted.
-- Touches the fulfilments, which the caller holds (FOR NO KEY UPDATE, in the order of their keys), and their open
-- commands. May run twice: then there is nothing left to queue. Each fulfilment is looked up by itself (OFFSET 0: no
-- other way round): statistics know nothing of what a night has just queued, and a plan that looked each of a hundred
-- thousand commands up among as many ids took hours.
CREATE OR REPLACE FUNCTION partners_queue_next(ids bigint[], is_new_wish boolean, day date, moment timestamptz)
RETURNS void
LANGUAGE plpgsql AS $function$
BEGIN
    UPDATE partners_command command
    SET state = 'failed', error = 'not_wanted'
    FROM unnest(ids) AS asked (id)
    CROSS JOIN LATERAL (
        SELECT unsent.id
        FROM partners_fulfilment fulfilment
        JOIN partners_command unsent ON unsent.fulfilment_id = fulfilment.id
        WHERE fulfilment.id = asked.id AND unsent.state = 'queued' AND unsent.attempts = 0
            AND unsent.kind IS DISTINCT FROM CASE
                -- Of what was never sent nothing is needed to revoke it.
                WHEN NOT (fulfilment.state = 'requested' AND fulfilment.wanted = 'revoked') OR EXISTS (
                    SELECT FROM partners_command sent
                    WHERE sent.fulfilment_id = fulfilment.id
                        AND (sent.attempts > 0 OR sent.state NOT IN ('queued', 'failed'))
                )
                THEN partners_needed(fulfilment.state, fulfilment.wanted)
            END
        OFFSET 0
    ) AS found
    -- Once more: who claims a command does not hold its fulfilment, and may have sent it while this waited for it.
    WHERE command.id = found.id AND command.state = 'queued' AND command.attempts = 0;

    UPDATE partners_command command
    SET state = 'done', error = '', answered_at = moment
    FROM unnest(ids) AS asked (id)
    CROSS JOIN LATERAL (
        SELECT sent.id
        FROM partners_fulfilment fulfilment
        JOIN partners_command sent ON sent.fulfilment_id = fulfilment.id
        WHERE fulfilment.id = asked.id AND sent.state IN ('queued', 'sent', 'unknown') AND sent.attempts > 0
            AND CASE fulfilment.state
                WHEN 'active' THEN sent.kind IN ('provision', 'resume')
                WHEN 'suspended' THEN sent.kind = 'suspend'
                WHEN 'revoked' THEN sent.kind = 'revoke'
                WHEN 'accepted' THEN
                    fulfilment.wanted <> 'active' AND sent.state = 'sent' AND sent.kind IN ('provision', 'resume')
            END
        OFFSET 0
    ) AS found
    WHERE command.id = found.id AND command.state IN ('queued', 'sent', 'unknown') AND command.attempts > 0;

    WITH unsent AS (
        UPDATE partners_fulfilment fulfilment
        SET state = 'revoked', revoked_on = day, dead_at = NULL, error = ''
        FROM unnest(ids) AS asked (id)
        CROSS JOIN LATERAL (
            SELECT never.id
            FROM partners_fulfilment never
            WHERE never.id = asked.id AND never.state = 'requested' AND never.wanted = 'revoked'
                AND NOT EXISTS (
                    SELECT FROM partners_command command
                    WHERE command.fulfilment_id = never.id AND (command.attempts > 0 OR command.state <> 'failed')
                )
            OFFSET 0
        ) AS found
        WHERE fulfilment.id = found.id
        RETURNING fulfilment.id, fulfilment.member_id
    )
    INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, kind, state, attempt, detail, "on", at)
    SELECT member_id, id, 'answered', 'revoked', 0, 'never_sent', day, moment FROM unsent ORDER BY id;

    UPDATE partners_fulfilment fulfilment
    SET dead_at = NULL, error = ''
    FROM unnest(ids) AS asked (id)
    CROSS JOIN LATERAL (
        SELECT dead.id
        FROM partners_fulfilment dead
        WHERE dead.id = asked.id AND dead.dead_at IS NOT NULL AND dead.state = dead.wanted
        OFFSET 0
    ) AS found
    WHERE fulfilment.id = found.id;

    WITH idle AS (
        SELECT
            fulfilment.id, fulfilment.member_id, fulfilment.partner_id, offer.mode, numbers.highest AS number, needed.kind AS needed,
            CASE
                WHEN fulfilment.state = 'revoked' AND (latest.kind = 'revoke' OR fulfilment.sequence = 0)
                THEN 'revoked_before'
                WHEN fulfilment.state = 'revoked' THEN 'revoked_by_partner'
                WHEN is_new_wish THEN NULL
                WHEN fulfilment.state = 'failed' AND needed.kind = 'provision'
                THEN coalesce(nullif(fulfilment.error, ''), nullif(latest.error, ''), 'failed')
                WHEN latest.kind <> needed.kind THEN NULL
                WHEN latest.state = 'failed' THEN latest.error
                WHEN latest.state = 'done' THEN 'undone_by_partner'
            END AS reason
        FROM unnest(ids) AS asked (id)
        CROSS JOIN LATERAL (
            SELECT behind.*
            FROM partners_fulfilment behind
            WHERE behind.id = asked.id AND behind.dead_at IS NULL AND behind.state <> behind.wanted
            OFFSET 0
        ) AS fulfilment
        CROSS JOIN LATERAL (
            SELECT found.mode FROM partners_offer found WHERE found.id = fulfilment.offer_id OFFSET 0
        ) AS offer
        CROSS JOIN LATERAL (SELECT partners_needed(fulfilment.state, fulfilment.wanted) AS kind) AS needed
        CROSS JOIN LATERAL (
            SELECT
                coalesce(max(command.number), 0) AS highest,
                coalesce(bool_or(command.state IN ('queued', 'sent', 'unknown')), false) AS has_open,
                -- What was put away before it was sent says nothing of the partner.
                max(command.number) FILTER (WHERE command.state <> 'failed' OR command.answered_at IS NOT NULL) AS tried
            FROM partners_command command
            WHERE command.fulfilment_id = fulfilment.id
        ) AS numbers
        LEFT JOIN LATERAL (
            SELECT command.kind, command.state, command.error
            FROM partners_command command
            WHERE command.fulfilment_id = fulfilment.id AND command.number = numbers.tried
            OFFSET 0
        ) AS latest ON true
        WHERE NOT numbers.has_open
    ), queued AS (
        INSERT INTO partners_command
            (member_id, fulfilment_id, partner_id, mode, number, kind, state, attempts, next_attempt_at, error, note,
             created_at)
        SELECT member_id, id, partner_id, mode, number + 1, needed, 'queued', 0, moment, '', '', moment
        FROM idle
        WHERE reason IS NULL AND needed IS NOT NULL
        ORDER BY id
    ), given_up AS (
        UPDATE partners_fulfilment fulfilment
        SET dead_at = moment, error = idle.reason
        FROM idle
        WHERE fulfilment.id = idle.id AND idle.reason IS NOT NULL
    )
    INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, kind, state, attempt, detail, "on", at)
    SELECT member_id, id, 'given_up', '', 0, reason, day, moment
    FROM idle
    WHERE reason IS NOT NULL
    ORDER BY id;
END
$function$;
