-- The first day before another about which a fee of a programme was recorded since an instant; NULL: none was. What a
-- list brought, or a person changed, stands in the trail of terms. Found by the instants' own indexes. Reads only.
SELECT min(found."on")
FROM (
    SELECT told."on"
    FROM memberships_paymentevent told
    JOIN memberships_payment payment ON payment.id = told.payment_id
    WHERE told.at >= %(since)s AND told."on" < %(before)s AND told.kind IN ('succeeded', 'refunded')
        AND payment.programme_id = %(programme)s
    UNION ALL
    SELECT event.starts_on
    FROM memberships_termevent event
    WHERE event.pgh_created_at >= %(since)s AND event.starts_on < %(before)s AND event.programme_id = %(programme)s
        AND NOT EXISTS (
            SELECT FROM memberships_payment payment
            WHERE payment.term_id = event.pgh_obj_id AND payment.state = 'succeeded'
        )
) AS found
