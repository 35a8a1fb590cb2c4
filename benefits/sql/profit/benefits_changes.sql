-- The first day before another about which something that members got of a programme was recorded since an instant;
-- NULL: nothing was. Returns of orders count for their own day. Grants that ended late tell no instant: the source looks
-- back some days anyway. Reads only.
SELECT least(
    (
        SELECT min(least(used."on", used.returned_on))
        FROM benefits_redemption used
        JOIN benefits_benefit benefit ON benefit.id = used.benefit_id AND benefit.programme_id = %(programme)s
        WHERE used.at >= %(since)s AND used."on" < %(before)s
            OR used.returned_at >= %(since)s AND used.returned_on < %(before)s
    ),
    (
        SELECT min(held.valid_from)
        FROM benefits_grant held
        JOIN benefits_benefit benefit ON benefit.id = held.benefit_id AND benefit.programme_id = %(programme)s
        WHERE held.given_at >= %(since)s AND held.valid_from < %(before)s
    ),
    (
        SELECT min(saving."on")
        FROM benefits_ordersaving saving
        JOIN benefits_benefit benefit ON benefit.id = saving.benefit_id AND benefit.programme_id = %(programme)s
        WHERE saving.recorded_at >= %(since)s AND saving."on" < %(before)s
    ),
    (
        SELECT min(back.ordered_on)
        FROM memberships_order back
        JOIN memberships_enrolment wallet ON wallet.id = back.enrolment_id AND wallet.programme_id = %(programme)s
        WHERE back.recorded_at >= %(since)s AND back.ordered_on < %(before)s AND back.returns_id IS NOT NULL
    )
)
