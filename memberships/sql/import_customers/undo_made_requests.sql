-- Delete the open credit requests that the range's rows made: those of new customers, and those of customers
-- that had asked for nothing before.
DELETE FROM memberships_creditrequest q
USING operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND q.member_id = r.object_id AND q.state = 'open'
    AND (
        r.verdict = 'new'
        OR (
            r.before ?| ARRAY['requested_limit', 'requested_term_days']
            AND CASE WHEN r.before ? 'requested_limit' THEN r.before ->> 'requested_limit' = '' ELSE q."limit" IS NULL END
            AND CASE WHEN r.before ? 'requested_term_days'
                THEN r.before ->> 'requested_term_days' = '' ELSE q.term_days IS NULL END
        )
    )
