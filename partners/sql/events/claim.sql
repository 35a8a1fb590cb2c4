-- Keep an event of a partner, once: its row's key, or nothing where the id was there before.
-- Touches one row of partners_inboundevent. Of two at the same id the second waits until the first has committed (then
-- it gets nothing) or rolled back (then it gets the row). May run twice: the second time it gives nothing.
-- It begins as a dead letter: whoever handles it, in the same transaction, says what became of it.
INSERT INTO partners_inboundevent (
    partner_id, event_id, type, body, headers, occurred_at, received_at, state, answer, error, attempts
)
VALUES (
    %(partner)s, %(event_id)s, %(type)s, %(body)s, %(headers)s::jsonb, %(occurred_at)s, %(received_at)s, 'dead',
    '{}'::jsonb, '', 1
)
ON CONFLICT (partner_id, event_id) DO NOTHING
RETURNING id
