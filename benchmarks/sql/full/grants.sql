-- The coupons that those uses gave.
INSERT INTO benefits_grant (
    id, key, quantity, state, valid_from, valid_until, used_on, given_on, given_at, benefit_id, member_id, redemption_id
)
SELECT id, 'redemption:' || key, 1, CASE WHEN "on" > %(on)s::date - 20 THEN 'live' ELSE 'used' END, "on", "on" + 29,
    CASE WHEN "on" > %(on)s::date - 20 THEN NULL ELSE "on" + 1 END, "on", at, benefit_id, member_id, id
FROM benefits_redemption
ORDER BY id
