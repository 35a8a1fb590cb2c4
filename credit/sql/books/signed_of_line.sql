-- What moves limits or money of the lines of a range and says that somebody approved it, where the request that it names is
-- of another maker or checker, was not carried out, or is none. Of decisions, those that granted a version; a receipt
-- counts from when it is somebody's. Expected: what the request says, (state, maker, checker).
WITH signed (kind, id, member_id, maker_id, checker_id, approval_id) AS (
    SELECT 'entry', id, member_id, actor_id, checker_id, approval_id
    FROM credit_creditentry
    WHERE line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT 'receipt', id, member_id, actor_id, checker_id, approval_id
    FROM credit_receipt
    WHERE line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT 'version', id, member_id, maker_id, checker_id, approval_id
    FROM credit_lineversion
    WHERE line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT 'decision', decision.id, decision.member_id, decision.maker_id, decision.checker_id, decision.approval_id
    FROM credit_creditdecision decision
    JOIN credit_lineversion version ON version.id = decision.version_id
    WHERE version.line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT 'increase', id, member_id, maker_id, checker_id, approval_id
    FROM credit_temporaryincrease
    WHERE line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT 'exclusion', id, member_id, maker_id, checker_id, approval_id
    FROM credit_blockingexclusion
    WHERE line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT 'pause', id, member_id, maker_id, checker_id, approval_id
    FROM credit_overduepause
    WHERE line_id BETWEEN %(first)s AND %(last)s
)
SELECT
    signed.id || ' ' || signed.kind, signed.member_id,
    coalesce(concat_ws(' ', approval.state, approval.maker_id, approval.checker_id), '-'),
    concat_ws(' ', 'executed', signed.maker_id, signed.checker_id)
FROM signed
LEFT JOIN operations_approval approval ON approval.id = signed.approval_id
WHERE (signed.checker_id IS NOT NULL OR signed.approval_id IS NOT NULL)
    AND (approval.state, approval.maker_id, approval.checker_id)
        IS DISTINCT FROM ('executed', signed.maker_id, signed.checker_id)
ORDER BY signed.kind, signed.id
