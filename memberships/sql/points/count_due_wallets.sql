-- How many wallets of a range have lots of these due days that have not been expired. Reads only.
SELECT count(DISTINCT lot.enrolment_id)
FROM memberships_pointslot lot
WHERE lot.expires_on = ANY(%(days)s::date[]) AND lot.enrolment_id BETWEEN %(first)s AND %(last)s AND lot.remaining > 0
    AND NOT EXISTS (
        SELECT FROM memberships_pointsentry gone
        WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
    )
