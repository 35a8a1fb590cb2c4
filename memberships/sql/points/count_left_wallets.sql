-- How many wallets of a range the execution of a dry run left: those it left out, and those with lots of these due days
-- that have not been expired, or idle with points left, which the dry run had not seen. Reads only.
SELECT count(*)
FROM (
    SELECT key
    FROM operations_runitem
    WHERE run_id = %(approved)s AND key BETWEEN %(first)s AND %(last)s AND outcome = 'left_out'
    UNION
    SELECT lot.enrolment_id
    FROM memberships_pointslot lot
    WHERE lot.expires_on = ANY(%(days)s::date[]) AND lot.enrolment_id BETWEEN %(first)s AND %(last)s
        AND lot.remaining > 0 AND lot.pending_until IS NULL
        AND NOT EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
        )
    UNION
    SELECT wallet.id
    FROM memberships_enrolment wallet
    JOIN memberships_pointslot lot ON lot.enrolment_id = wallet.id AND lot.remaining > 0 AND lot.pending_until IS NULL
    WHERE wallet.idle_on <= %(idle_by)s AND wallet.id BETWEEN %(first)s AND %(last)s
        AND NOT EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
        )
) AS wallets
