-- Judge the new rows of a batch (of those lines; NULL: all) by the members, programmes, wallets and orders there are:
-- what is recorded in the same words becomes unchanged, what cannot be recorded invalid. A closed member orders nothing
-- more, but returns what was bought before.
-- Touches staging rows of the batch only, and of those only the ones that are not simply new.
WITH judged AS MATERIALIZED (
    SELECT
        s.line, there.id AS object_id, wallet.id IS NULL AS opens_wallet,
        CASE
            WHEN member.id IS NULL THEN 'unknown_member'
            WHEN there.id IS NOT NULL THEN
                CASE WHEN (there.enrolment_id, there.amount, there.ordered_on) = (wallet.id, s.amount, s.ordered_on)
                    AND returned.number IS NOT DISTINCT FROM s.returns
                    AND (s.returns IS NOT NULL OR there.category = coalesce(s.category, ''))
                THEN 'unchanged' ELSE 'order_recorded_otherwise' END
            WHEN member.closed_on <= %(on)s AND s.returns IS NULL THEN CASE
                WHEN memberships_survivor_of(member.id) IS NULL THEN 'member_closed' ELSE 'member_merged'
            END
            WHEN member.kind <> programme.audience THEN 'wrong_audience'
            WHEN programme.enrols = 'store' AND s.scope IS NULL THEN 'store_required'
            WHEN programme.enrols = 'member' AND s.scope IS NOT NULL THEN 'store_not_allowed'
            WHEN wallet.id IS NULL AND programme.enrols = 'member' THEN 'not_enrolled'
            WHEN wallet.id IS NULL
                -- As in services/enrolments.py.
                AND ('x' || left(md5(member.id::text), 8))::bit(32)::bigint %% 10000 >= programme.open_share * 10000
                THEN 'not_open_to_member'
            WHEN s.ordered_on > %(on)s THEN 'future_date'
            WHEN entry.id IS NOT NULL THEN 'order_key_taken'
        END AS finding,
        member.id AS member_id, member.closed_on, programme.code AS programme
    FROM memberships_staged_order s
    JOIN memberships_programme programme ON programme.id = s.programme_id
    LEFT JOIN memberships_member member ON member.id = left(s.member_number, -1)::bigint
    LEFT JOIN memberships_enrolment wallet
        ON wallet.member_id = member.id AND wallet.programme_id = s.programme_id
        AND wallet.scope = coalesce(s.scope, '')
    LEFT JOIN memberships_order there ON there.number = s.number
    LEFT JOIN memberships_order returned ON returned.id = there.returns_id
    LEFT JOIN memberships_pointsentry entry
        ON entry.member_id = member.id AND entry.key = 'order:' || s.number AND there.id IS NULL
    WHERE s.batch_id = %(batch)s AND s.verdict = 'new'
        AND (%(lines)s::bigint[] IS NULL OR s.line = ANY (%(lines)s::bigint[]))
)
UPDATE memberships_staged_order s
SET object_id = judged.object_id,
    opens_wallet = judged.opens_wallet,
    verdict = CASE judged.finding WHEN 'unchanged' THEN 'unchanged' ELSE CASE
        WHEN judged.finding IS NULL THEN 'new' ELSE 'invalid'
    END END,
    faults = CASE WHEN judged.finding <> 'unchanged' THEN jsonb_build_array(jsonb_build_object(
        'column', CASE
            WHEN judged.finding IN (
                'unknown_member', 'member_closed', 'member_merged', 'wrong_audience', 'not_enrolled', 'not_open_to_member'
            )
                THEN %(member_column)s::text
            WHEN judged.finding IN ('store_required', 'store_not_allowed') THEN %(scope_column)s::text
            WHEN judged.finding = 'future_date' THEN %(day_column)s::text
            ELSE %(number_column)s::text
        END,
        'value', CASE
            WHEN judged.finding IN (
                'unknown_member', 'member_closed', 'member_merged', 'wrong_audience', 'not_enrolled', 'not_open_to_member'
            )
                THEN s.member_number
            WHEN judged.finding IN ('store_required', 'store_not_allowed') THEN coalesce(s.scope, '')
            WHEN judged.finding = 'future_date' THEN s.ordered_on::text
            ELSE s.number
        END,
        'code', judged.finding,
        'expected', CASE
            WHEN judged.finding = 'member_closed' THEN judged.closed_on::text
            WHEN judged.finding = 'member_merged' THEN memberships_number_of(memberships_survivor_of(judged.member_id))
            WHEN judged.finding = 'future_date' THEN %(on)s::text
            ELSE judged.programme
        END
    )) END
FROM judged
WHERE s.batch_id = %(batch)s AND s.line = judged.line AND (judged.finding IS NOT NULL OR judged.opens_wallet)
