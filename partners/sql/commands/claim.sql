-- Claim a partner's next due commands through its API: an attempt is counted and the intent written down before any
-- call, and the next attempt put off until the lease is over, so that who dies in the middle loses nothing.
-- Locks the commands that it returns, and skips those that others hold; their fulfilments are not held (an event names
-- one, which takes no more than its key). Running it again claims others.
-- `approved`, where it is given, is a dry run: only what it foresaw, and what did not change since, is claimed.
WITH due AS (
    SELECT command.id, command.state <> 'queued' AS was_sent
    FROM partners_command command
    WHERE command.state IN ('queued', 'sent', 'unknown') AND command.next_attempt_at <= %(at)s
        AND command.id BETWEEN %(first)s AND %(last)s
        AND command.partner_id = %(partner)s AND command.mode = 'api'
        AND (%(approved)s::bigint IS NULL OR EXISTS (
            SELECT FROM operations_runitem item
            WHERE item.run_id = %(approved)s AND item.key = command.id AND item.outcome = 'foreseen'
                AND item.seen = command.attempts
        ))
    ORDER BY command.next_attempt_at, command.id
    LIMIT %(most)s
    FOR UPDATE OF command SKIP LOCKED
), claimed AS (
    UPDATE partners_command command
    SET state = CASE command.state WHEN 'queued' THEN 'sent' ELSE command.state END,
        attempts = command.attempts + 1,
        sent_at = coalesce(command.sent_at, %(at)s),
        next_attempt_at = %(leased_until)s
    FROM due
    WHERE command.id = due.id
    RETURNING command.id, command.member_id, command.fulfilment_id, command.number, command.kind, command.attempts,
        due.was_sent
), event AS (
    INSERT INTO partners_fulfilmentevent (member_id, fulfilment_id, command_id, kind, state, attempt, detail, "on", at)
    SELECT member_id, fulfilment_id, id, 'sent', '', attempts, kind, %(on)s, %(at)s
    FROM claimed
    WHERE NOT was_sent
    ORDER BY id
)
SELECT
    claimed.id, claimed.fulfilment_id, claimed.attempts, claimed.was_sent, fulfilment.key, claimed.number, claimed.kind,
    offer.sku, claimed.member_id, reference.external_id, granted.valid_from,
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
