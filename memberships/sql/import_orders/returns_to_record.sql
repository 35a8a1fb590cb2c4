-- What of the lines is to be recorded as returns, in rounds of one return of a wallet each, in the order of the file: round,
-- line, order, number, amount, day. One whose order is not there (another wallet took its number at the same time) is not.
-- Reads only; the lines were judged just now, and their orders are recorded.
SELECT
    row_number() OVER (PARTITION BY bought.enrolment_id ORDER BY s.line) AS round, s.line, bought.id, s.number, s.amount,
    s.ordered_on
FROM memberships_staged_order s
JOIN memberships_order bought ON bought.number = s.returns AND bought.member_id = left(s.member_number, -1)::bigint
JOIN memberships_enrolment wallet
    ON wallet.id = bought.enrolment_id AND wallet.programme_id = s.programme_id AND wallet.scope = coalesce(s.scope, '')
WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s) AND s.verdict = 'new'
    AND NOT EXISTS (SELECT FROM memberships_order there WHERE there.number = s.number)
ORDER BY round, s.line
