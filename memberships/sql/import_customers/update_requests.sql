-- Write what the range's changed rows ask for into the open credit requests; make one where there is none.
INSERT INTO memberships_creditrequest (member_id, state, "limit", term_days, requested_on)
SELECT wanted.member_id, 'open', wanted."limit", wanted.term_days, %(on)s
FROM (
    SELECT
        s.object_id AS member_id,
        CASE WHEN NOT 'requested_limit' = ANY (coalesce(s.clears, '{}'))
            THEN coalesce(s.requested_limit, request."limit") END AS "limit",
        CASE WHEN NOT 'requested_term_days' = ANY (coalesce(s.clears, '{}'))
            THEN coalesce(s.requested_term_days, request.term_days) END AS term_days
    FROM memberships_staged_enterprise_customer s
    JOIN operations_importrow seen ON seen.batch_id = s.batch_id AND seen.line = s.line
    LEFT JOIN memberships_creditrequest request ON request.member_id = s.object_id AND request.state = 'open'
    WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'changed'
        AND seen.outcome = 'previewed' AND seen.before ?| ARRAY['requested_limit', 'requested_term_days']
) AS wanted
WHERE wanted."limit" IS NOT NULL OR wanted.term_days IS NOT NULL
ON CONFLICT (member_id) WHERE state = 'open' DO UPDATE
SET "limit" = excluded."limit", term_days = excluded.term_days
