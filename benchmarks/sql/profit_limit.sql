-- The same totals by whoever needs neither months nor days, and knows that no card was ended: one pass over payments,
-- entries and what members used. Returns fees earned by the day, points issued and the cost of benefits, in CNY.
SELECT
    (
        SELECT sum(round((amount - refunded) * least(%(on)s::date - starts_on + 1, ends_on - starts_on + 1)
            / (ends_on - starts_on + 1), 2))
        FROM memberships_payment
        WHERE programme_id = %(programme)s AND state = 'succeeded'
    ),
    (
        SELECT sum(entry.points) * 0.01
        FROM memberships_pointsentry entry
        JOIN memberships_enrolment wallet ON wallet.id = entry.enrolment_id
        WHERE wallet.programme_id = %(programme)s AND entry.debit = 'issued'
    ),
    (SELECT sum(cost) FROM benefits_redemption) + (SELECT sum(amount) FROM benefits_ordersaving)
