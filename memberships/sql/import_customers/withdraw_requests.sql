-- Withdraw the open credit requests that the range's changed rows leave with nothing asked for.
UPDATE memberships_creditrequest request
SET state = 'withdrawn'
FROM memberships_staged_enterprise_customer s
JOIN operations_importrow seen ON seen.batch_id = s.batch_id AND seen.line = s.line
WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'changed'
    AND seen.outcome = 'previewed' AND seen.before ?| ARRAY['requested_limit', 'requested_term_days']
    AND request.member_id = s.object_id AND request.state = 'open'
    AND ('requested_limit' = ANY (s.clears) OR coalesce(s.requested_limit, request."limit") IS NULL)
    AND ('requested_term_days' = ANY (s.clears) OR coalesce(s.requested_term_days, request.term_days) IS NULL)
