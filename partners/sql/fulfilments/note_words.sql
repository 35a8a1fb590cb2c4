-- What partners said of fulfilments, any number of words of each, in any order: the state of the word with the highest
-- number of the partner's own count stands, if that is higher than the one known; the others are kept as events and
-- change nothing, but for the first day on which it was active. A word without a number is news by being heard last (of
-- a partner that does not count). A repeat of the newest word leaves no trace. Returns the places
-- of the words that were news.
-- Nothing happened to an order before the day it was requested on, nor later than today: another day is taken for that.
-- A word that names a command which is still open answers it, also when it is old.
-- Touches the fulfilments, which the caller holds (lock.sql), their open commands, and events. May run twice.
WITH word AS MATERIALIZED (
    SELECT
        said.*, greatest(least(said.day, %(on)s), f.requested_on) AS happened_on, f.id, f.member_id, f.sequence AS known, f.state AS was,
        CASE WHEN said.sequence IS NULL THEN said.state <> f.state ELSE said.sequence > f.sequence END AS is_news
    FROM json_to_recordset(%(words)s) AS said (
        place integer, fulfilment bigint, state text, sequence bigint, reference text, reason text, command text,
        day date
    )
    JOIN partners_fulfilment f ON f.id = said.fulfilment
), newest AS (
    SELECT DISTINCT ON (id) * FROM word WHERE is_news ORDER BY id, sequence DESC NULLS FIRST, place DESC
), heard AS (
    SELECT id, min(happened_on) FILTER (WHERE state = 'active') AS active_since, max(reference) AS reference
    FROM word
    GROUP BY id
), fulfilment AS (
    UPDATE partners_fulfilment f
    SET
        state = coalesce(newest.state, f.state),
        sequence = coalesce(newest.sequence, f.sequence),
        reference = coalesce(nullif(newest.reference, ''), nullif(f.reference, ''), heard.reference, ''),
        activated_on = least(f.activated_on, heard.active_since),
        revoked_on = CASE
            WHEN newest.state = 'revoked' THEN newest.happened_on WHEN newest.state IS NULL THEN f.revoked_on
        END,
        error = CASE newest.state WHEN 'failed' THEN newest.reason ELSE f.error END
    FROM heard
    LEFT JOIN newest USING (id)
    WHERE f.id = heard.id AND (
        newest.id IS NOT NULL
        OR heard.active_since < coalesce(f.activated_on, 'infinity')
        OR f.reference = '' AND heard.reference <> ''
    )
), event AS (
    INSERT INTO partners_fulfilmentevent (
        member_id, fulfilment_id, kind, state, attempt, detail, "on", at, actor_id
    )
    -- Old news made the fulfilment nothing: what was told stands in the detail.
    SELECT
        member_id, id, 'told', CASE WHEN is_news THEN state ELSE '' END, 0,
        left(concat_ws(' ', '#' || sequence, CASE WHEN NOT is_news THEN 'old ' || state END, nullif(reason, '')), 200),
        %(on)s, %(at)s, %(actor)s
    FROM word
    WHERE is_news OR sequence < known
    ORDER BY id, sequence, place
), answered AS (
    SELECT DISTINCT ON (command.id) command.id, word.state, word.reason
    FROM word
    JOIN partners_fulfilment f ON f.id = word.id
    JOIN partners_command command ON command.fulfilment_id = word.id AND f.key || '.' || command.number = word.command
    WHERE command.state IN ('queued', 'sent', 'unknown') AND command.attempts > 0
        AND word.state IN ('active', 'suspended', 'revoked', 'failed')
    ORDER BY command.id, word.sequence DESC NULLS FIRST, word.place DESC
), command AS (
    UPDATE partners_command command
    SET state = CASE answered.state WHEN 'failed' THEN 'failed' ELSE 'done' END,
        error = left(
            CASE answered.state WHEN 'failed' THEN coalesce(nullif(answered.reason, ''), 'failed') ELSE '' END, 200
        ),
        answered_at = %(at)s
    FROM answered
    WHERE command.id = answered.id
)
SELECT place FROM word WHERE is_news
