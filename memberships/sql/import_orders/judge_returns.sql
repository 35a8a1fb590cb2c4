-- Judge the returns among the new rows of a batch (of those lines; NULL: all): their order is recorded or stands in the
-- file, is of the same wallet, and not more comes back of it than was bought. Rows are counted in the file's order.
-- Touches staging rows of the batch only. The orders of the file are judged before, so that a return of an invalid one is
-- invalid, too.
WITH found AS MATERIALIZED (
    SELECT
        s.line, s.returns, s.amount, s.ordered_on,
        bought.id AS bought_id, listed.line AS listed_line,
        coalesce(bought.amount, listed.amount) AS bought_amount,
        coalesce(bought.ordered_on, listed.ordered_on) AS bought_on,
        bought.returns_id IS NOT NULL OR listed.returns IS NOT NULL AS is_return,
        CASE
            WHEN bought.id IS NOT NULL THEN bought.enrolment_id IS NOT DISTINCT FROM wallet.id
            ELSE (listed.member_number, listed.programme_id, coalesce(listed.scope, ''))
                = (s.member_number, s.programme_id, coalesce(s.scope, ''))
        END AS is_same_wallet
    FROM memberships_staged_order s
    LEFT JOIN memberships_order bought ON bought.number = s.returns
    LEFT JOIN memberships_staged_order listed
        ON listed.batch_id = s.batch_id AND listed.number = s.returns AND listed.verdict = 'new'
    LEFT JOIN memberships_enrolment wallet
        ON wallet.member_id = left(s.member_number, -1)::bigint AND wallet.programme_id = s.programme_id
        AND wallet.scope = coalesce(s.scope, '')
    WHERE s.batch_id = %(batch)s AND s.verdict = 'new' AND s.returns IS NOT NULL
        AND (%(lines)s::bigint[] IS NULL OR s.line = ANY (%(lines)s::bigint[]))
),
left_of AS MATERIALIZED (
    SELECT bought.id, bought.amount - coalesce(sum(earlier.amount), 0) AS amount
    FROM memberships_order bought
    LEFT JOIN memberships_order earlier ON earlier.returns_id = bought.id
    WHERE bought.id IN (SELECT bought_id FROM found)
    GROUP BY bought.id
),
judged AS MATERIALIZED (
    SELECT
        found.line, found.listed_line, bought_on, coalesce(left_of.amount, bought_amount) AS left_amount,
        CASE
            WHEN bought_id IS NULL AND listed_line IS NULL THEN 'unknown_order'
            WHEN is_return THEN 'returns_a_return'
            WHEN NOT is_same_wallet THEN 'order_of_another_wallet'
            WHEN found.ordered_on < bought_on THEN 'returned_before'
            WHEN sum(found.amount) OVER (PARTITION BY found.returns ORDER BY found.line)
                > coalesce(left_of.amount, bought_amount) THEN 'over_returned'
        END AS code
    FROM found
    LEFT JOIN left_of ON left_of.id = found.bought_id
)
UPDATE memberships_staged_order s
SET returns_line = judged.listed_line,
    verdict = CASE WHEN judged.code IS NULL THEN 'new' ELSE 'invalid' END,
    faults = CASE WHEN judged.code IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
        'column', CASE judged.code
            WHEN 'over_returned' THEN %(amount_column)s::text WHEN 'returned_before' THEN %(day_column)s::text
            ELSE %(returns_column)s::text
        END,
        'value', CASE judged.code
            WHEN 'over_returned' THEN s.amount::text WHEN 'returned_before' THEN s.ordered_on::text ELSE s.returns
        END,
        'code', judged.code,
        'expected', CASE judged.code
            WHEN 'over_returned' THEN judged.left_amount::text WHEN 'returned_before' THEN judged.bought_on::text
            ELSE ''
        END
    )) END
FROM judged
WHERE s.batch_id = %(batch)s AND s.line = judged.line
