-- What says that a request approved it, where that request was for another record, key or amount, or for something else
-- altogether: the request of one refund does not sign the next one. By the content that the checker saw; of a file, by
-- the file that it came in with. Expected: what may have signed it; found: what the request asks for.
WITH signed (kind, id, member_id, approval_id, is_its_own) AS (
    SELECT
        'entry', entry.id, entry.member_id, entry.approval_id,
        CASE approval.action
            WHEN 'refund_receipt' THEN entry.kind = 'refund' AND entry.receipt_id = (payload ->> 'receipt')::bigint
                AND entry.key = 'hand:' || (payload ->> 'key') AND entry.amount = (payload ->> 'amount')::numeric
            WHEN 'write_off_invoice' THEN entry.kind = 'write_off' AND entry.invoice_id = (payload ->> 'invoice')::bigint
                AND entry.key = 'hand:' || (payload ->> 'key') AND entry.amount = (payload ->> 'amount')::numeric
            WHEN 'recover_write_off' THEN entry.kind = 'recover' AND entry.reverses_id = (payload ->> 'entry')::bigint
                AND entry.key = 'hand:' || (payload ->> 'key') AND entry.amount = (payload ->> 'amount')::numeric
            WHEN 'credit_invoice' THEN entry.kind = 'credit_note' AND entry.invoice_id = (payload ->> 'invoice')::bigint
                AND note.key = payload ->> 'key' AND entry.amount = (payload ->> 'amount')::numeric
            WHEN 'enter_receipt' THEN entry.kind IN ('receipt', 'allocate') AND receipt.key = payload ->> 'key'
            WHEN 'confirm_import' THEN entry.kind IN ('receipt', 'allocate')
                AND receipt.batch_id = (payload ->> 'batch')::bigint
            WHEN 'move_receipt' THEN entry.receipt_id = (payload ->> 'receipt')::bigint AND entry.kind = ANY (
                CASE payload ->> 'state'
                    WHEN 'matched' THEN '{receipt, allocate}' WHEN 'unmatched' THEN '{deallocate, unmatch}'
                    WHEN 'bounced' THEN '{deallocate, bounce, reclaim}' ELSE '{}'
                END::text[]
            ) AND (payload ->> 'state' <> 'matched' OR entry.line_id = (payload ->> 'line')::bigint)
        END
    FROM credit_creditentry entry
    JOIN operations_approval approval ON approval.id = entry.approval_id
    LEFT JOIN credit_receipt receipt ON receipt.id = entry.receipt_id
    LEFT JOIN credit_creditnote note ON note.id = entry.credit_note_id
    WHERE entry.line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT
        'receipt', receipt.id, receipt.member_id, receipt.approval_id,
        CASE approval.action
            WHEN 'enter_receipt' THEN receipt.key = payload ->> 'key' AND receipt.amount = (payload ->> 'amount')::numeric
                AND receipt.received_on = (payload ->> 'received_on')::date
            WHEN 'confirm_import' THEN receipt.batch_id = (payload ->> 'batch')::bigint
        END
    FROM credit_receipt receipt
    JOIN operations_approval approval ON approval.id = receipt.approval_id
    WHERE receipt.line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT
        'version', version.id, version.member_id, version.approval_id,
        CASE approval.action
            WHEN 'change_credit_line' THEN version.line_id = (payload ->> 'line')::bigint
                AND version.starts_on = (payload ->> 'starts_on')::date
                AND version."limit" = coalesce((payload ->> 'limit')::numeric, version."limit")
                AND version.terms = coalesce(nullif(payload -> 'terms', 'null'), version.terms)
            WHEN 'grant_credit' THEN version."limit" = (payload ->> 'limit')::numeric AND EXISTS (
                SELECT FROM credit_creditdecision decision
                WHERE decision.version_id = version.id AND decision.request_id = (payload ->> 'request')::bigint
            )
            WHEN 'confirm_import' THEN (version.evidence ->> 'import')::bigint = (payload ->> 'batch')::bigint
        END
    FROM credit_lineversion version
    JOIN operations_approval approval ON approval.id = version.approval_id
    WHERE version.line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT
        'decision', decision.id, decision.member_id, decision.approval_id,
        CASE approval.action
            WHEN 'grant_credit' THEN decision.request_id = (payload ->> 'request')::bigint
            WHEN 'confirm_import' THEN (decision.evidence ->> 'import')::bigint = (payload ->> 'batch')::bigint
        END
    FROM credit_creditdecision decision
    JOIN credit_lineversion version ON version.id = decision.version_id
    JOIN operations_approval approval ON approval.id = decision.approval_id
    WHERE version.line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    -- The last days of these may be earlier by now, never later.
    SELECT
        'increase', increase.id, increase.member_id, increase.approval_id,
        approval.action = 'raise_credit_line' AND increase.line_id = (payload ->> 'line')::bigint
            AND increase.key = payload ->> 'key' AND increase.amount = (payload ->> 'amount')::numeric
            AND increase.starts_on = (payload ->> 'starts_on')::date AND increase.ends_on <= (payload ->> 'ends_on')::date
    FROM credit_temporaryincrease increase
    JOIN operations_approval approval ON approval.id = increase.approval_id
    WHERE increase.line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT
        'exclusion', exclusion.id, exclusion.member_id, exclusion.approval_id,
        approval.action = 'exclude_blocking_rule' AND exclusion.line_id = (payload ->> 'line')::bigint
            AND exclusion.rule = payload ->> 'rule' AND exclusion.starts_on = (payload ->> 'starts_on')::date
            AND exclusion.ends_on <= (payload ->> 'ends_on')::date
    FROM credit_blockingexclusion exclusion
    JOIN operations_approval approval ON approval.id = exclusion.approval_id
    WHERE exclusion.line_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT
        'pause', pause.id, pause.member_id, pause.approval_id,
        approval.action = 'pause_overdue' AND pause.line_id = (payload ->> 'line')::bigint
            AND pause.key = payload ->> 'key' AND pause.starts_on = (payload ->> 'starts_on')::date
            AND pause.ends_on <= (payload ->> 'ends_on')::date
            AND pause.invoice_id IS NOT DISTINCT FROM (payload ->> 'invoice')::bigint
    FROM credit_overduepause pause
    JOIN operations_approval approval ON approval.id = pause.approval_id
    WHERE pause.line_id BETWEEN %(first)s AND %(last)s
)
SELECT
    signed.id || ' ' || signed.kind, signed.member_id, signed.kind || ' ' || signed.id,
    left(approval.id || ' ' || approval.action || ' ' || approval.payload, 200)
FROM signed
JOIN operations_approval approval ON approval.id = signed.approval_id
WHERE signed.is_its_own IS NOT TRUE
ORDER BY signed.kind, signed.id
