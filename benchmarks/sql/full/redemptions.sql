-- Two coupons of each of the last two months for one in fifteen of the persons with a card.
INSERT INTO benefits_redemption (
    id, key, category, asked_category, quantity, window_from, window_until, points, price, face_value, cost, funder,
    order_number, "on", at, reason, benefit_id, rule_id, member_id
)
SELECT row_number() OVER (ORDER BY used_on, member_id), 'coupon:' || month, '', '', 1, date_trunc('month', used_on)::date,
    (date_trunc('month', used_on) + interval '1 month')::date - 1, 0, 0, 6, 4, 'platform', '', used_on,
    used_on + interval '4 hours', '', %(coupon)s, %(coupon_rule)s, member_id
FROM (
    SELECT member_id, month, %(on)s::date - 1 - month * 31 - bench.pick(member_id * 4 + month, 52, 25) AS used_on
    FROM memberships_subscription, generate_series(0, 1) AS month
    WHERE programme_id = %(plus)s AND ended_on IS NULL AND paid_until >= %(on)s::date
        AND started_on <= %(on)s::date - 60 AND bench.pick(member_id, 51, 15) = 0
) AS used
ORDER BY 1
