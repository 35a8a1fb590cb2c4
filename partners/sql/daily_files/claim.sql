-- Claim a partner's commands for a daily file that were queued by that instant, the first %(most)s: they are sent from now
-- on, with an event, and come back as the lines of the file, in the order of their ids. What is written down with them, in
-- the same transaction, is the file.
-- Locks the commands; one that somebody is putting away is passed over. Running it again finds others.
WITH due AS (
    SELECT command.id
    FROM partners_command command
    WHERE command.state = 'queued' AND command.next_attempt_at <= %(at)s
        AND command.partner_id = %(partner)s AND command.mode = 'daily_file'
        AND (%(approved)s::bigint IS NULL OR EXISTS (
            SELECT FROM operations_runitem item WHERE item.run_id = %(approved)s AND item.key = command.id
        ))
    ORDER BY command.id
    LIMIT %(most)s
    FOR UPDATE OF command SKIP LOCKED
), claimed AS (
    UPDATE partners_command command
    SET state = 'sent', attempts = 1, sent_at = %(at)s
    FROM due
    WHERE command.id = due.id
    RETURNING command.id, command.member_id, command.fulfilment_id, command.kind
), event AS (
    INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, command_id, kind, state, attempt, detail, "on", at)
    SELECT member_id, fulfilment_id, id, 'sent', '', 1, kind, %(on)s, %(at)s FROM claimed ORDER BY id
)
SELECT
    claimed.id, fulfilment.key, claimed.kind, offer.sku, claimed.member_id, reference.external_id, granted.valid_from,
    -- What ended before it began had its first day as its last one.
    CASE WHEN granted.valid_until IS NOT NULL THEN greatest(granted.valid_until, granted.valid_from) END
FROM claimed
JOIN partners_fulfilment fulfilment ON fulfilment.id = claimed.fulfilment_id
JOIN partners_offer offer ON offer.id = fulfilment.offer_id
JOIN partners_partner partner ON partner.id = fulfilment.partner_id
JOIN benefits_grant granted ON granted.id = fulfilment.grant_id
LEFT JOIN memberships_memberreference reference
    ON reference.member_id = claimed.member_id AND reference.source = partner.code
ORDER BY claimed.id
