-- Put back what the range's changed rows wrote over in the open credit requests.
UPDATE memberships_creditrequest q
SET "limit" = CASE WHEN r.before ? 'requested_limit'
        THEN nullif(r.before ->> 'requested_limit', '')::numeric ELSE q."limit" END,
    term_days = CASE WHEN r.before ? 'requested_term_days'
        THEN nullif(r.before ->> 'requested_term_days', '')::smallint ELSE q.term_days END
FROM operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND r.verdict = 'changed' AND q.member_id = r.object_id AND q.state = 'open'
    AND r.before ?| ARRAY['requested_limit', 'requested_term_days']
