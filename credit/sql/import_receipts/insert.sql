-- Enter the receipts of these lines of the file, in its order; (credit line, receipt) of each that is somebody's. A number
-- of the bank that somebody else booked in this moment stays theirs. The credit lines are locked.
WITH made AS (
    INSERT INTO credit_receipt (
        key, batch_id, member_id, line_id, payer_name, payer_account, reference, amount, state, rule, received_on, "on",
        at, actor_id, checker_id, approval_id, note
    )
    SELECT
        coalesce(s.our_account || ':', '') || s.bank_number, s.batch_id, s.member_id, s.credit_line_id, s.payer_name,
        coalesce(s.payer_account, ''), coalesce(s.reference, ''), s.amount,
        CASE WHEN s.credit_line_id IS NULL THEN 'unmatched' ELSE 'matched' END, coalesce(s.rule, ''), s.received_on,
        %(on)s::date, %(at)s::timestamptz, %(actor)s::bigint, %(checker)s::bigint, %(approval)s::bigint, ''
    FROM credit_staged_receipt s
    WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s)
    ORDER BY s.line
    ON CONFLICT (key) DO NOTHING
    RETURNING id, line_id
)
SELECT line_id, id
FROM made
WHERE line_id IS NOT NULL
ORDER BY id
