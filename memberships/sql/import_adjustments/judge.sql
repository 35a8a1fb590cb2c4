-- Judge the new rows of a batch (of those lines; NULL: all) by the members and wallets there are, and by what the ledger
-- knows under their keys: an adjustment of the same file and line is unchanged. Taking more than there is to be spent
-- makes all rows of the wallet that take points invalid.
-- Touches staging rows of the batch only, and of those only the ones that are not simply new.
WITH rows_to_judge AS MATERIALIZED (
    SELECT
        s.line, s.points, member.id AS member_id, member.closed_on, wallet.id AS wallet_id, programme.code AS programme,
        programme.enrols, s.scope, booked.id AS entry_id
    FROM memberships_staged_adjustment s
    JOIN memberships_programme programme ON programme.id = s.programme_id
    LEFT JOIN memberships_member member ON member.id = left(s.member_number, -1)::bigint
    LEFT JOIN memberships_enrolment wallet
        ON wallet.member_id = member.id AND wallet.programme_id = s.programme_id
        AND wallet.scope = coalesce(s.scope, '')
    LEFT JOIN memberships_pointsentry booked
        ON booked.member_id = member.id AND booked.key = %(key)s || s.line
    WHERE s.batch_id = %(batch)s AND s.verdict = 'new'
        AND (%(lines)s::bigint[] IS NULL OR s.line = ANY (%(lines)s::bigint[]))
),
judged AS MATERIALIZED (
    SELECT
        line, member_id, wallet_id, entry_id, programme, closed_on,
        CASE
            WHEN member_id IS NULL THEN 'unknown_member'
            WHEN entry_id IS NOT NULL THEN 'unchanged'
            WHEN closed_on <= %(on)s THEN
                CASE WHEN memberships_survivor_of(member_id) IS NULL THEN 'member_closed' ELSE 'member_merged' END
            WHEN enrols = 'store' AND scope IS NULL THEN 'store_required'
            WHEN enrols = 'member' AND scope IS NOT NULL THEN 'store_not_allowed'
            WHEN wallet_id IS NULL THEN 'not_enrolled'
            WHEN points = 0 THEN 'no_points'
            WHEN points < 0 AND wallet_id = ANY (%(uncovered)s::bigint[]) THEN 'points_not_there'
        END AS finding
    FROM rows_to_judge
)
UPDATE memberships_staged_adjustment s
SET object_id = judged.wallet_id,
    verdict = CASE WHEN judged.finding = 'unchanged' THEN 'unchanged' WHEN judged.finding IS NULL THEN 'new' ELSE 'invalid' END,
    faults = CASE WHEN judged.finding <> 'unchanged' THEN jsonb_build_array(jsonb_build_object(
        'column', CASE
            WHEN judged.finding IN ('no_points', 'points_not_there') THEN %(points_column)s::text
            WHEN judged.finding IN ('store_required', 'store_not_allowed') THEN %(scope_column)s::text
            ELSE %(member_column)s::text
        END,
        'value', CASE
            WHEN judged.finding IN ('no_points', 'points_not_there') THEN s.points::text
            WHEN judged.finding IN ('store_required', 'store_not_allowed') THEN coalesce(s.scope, '')
            ELSE s.member_number
        END,
        'code', judged.finding,
        'expected', CASE judged.finding
            WHEN 'member_closed' THEN judged.closed_on::text
            WHEN 'member_merged' THEN memberships_number_of(memberships_survivor_of(judged.member_id))
            ELSE judged.programme
        END
    )) END
FROM judged
WHERE s.batch_id = %(batch)s AND s.line = judged.line
