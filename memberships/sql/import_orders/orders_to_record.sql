-- What of the lines is to be recorded as orders (no returns), as lists in the order of the file. Reads only.
SELECT
    array_agg(wallet.id ORDER BY s.line), array_agg(s.number ORDER BY s.line),
    array_agg(coalesce(s.category, '') ORDER BY s.line), array_agg(s.amount ORDER BY s.line),
    array_agg(s.ordered_on ORDER BY s.line)
FROM memberships_staged_order s
JOIN memberships_enrolment wallet
    ON wallet.member_id = left(s.member_number, -1)::bigint AND wallet.programme_id = s.programme_id
    AND wallet.scope = coalesce(s.scope, '')
WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s) AND s.verdict = 'new' AND s.returns IS NULL
