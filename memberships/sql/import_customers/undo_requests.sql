-- Put back what the range's changed rows wrote over in the credit requests; one that a row withdrew is opened
-- again by a new one.
INSERT INTO memberships_creditrequest (member_id, state, "limit", term_days, requested_on)
SELECT was.member_id, 'open', was."limit", was.term_days, %(on)s
FROM (
    SELECT
        r.object_id AS member_id,
        CASE WHEN r.before ? 'requested_limit'
            THEN nullif(r.before ->> 'requested_limit', '')::numeric ELSE q."limit" END AS "limit",
        CASE WHEN r.before ? 'requested_term_days'
            THEN nullif(r.before ->> 'requested_term_days', '')::smallint ELSE q.term_days END AS term_days
    FROM operations_importrow r
    LEFT JOIN memberships_creditrequest q ON q.member_id = r.object_id AND q.state = 'open'
    WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
        AND r.verdict = 'changed' AND r.before ?| ARRAY['requested_limit', 'requested_term_days']
) AS was
WHERE was."limit" IS NOT NULL OR was.term_days IS NOT NULL
ON CONFLICT (member_id) WHERE state = 'open' DO UPDATE
SET "limit" = excluded."limit", term_days = excluded.term_days
