-- The orders of the wallets with a ledger, of the last two spans.
INSERT INTO memberships_order (
    id, member_id, enrolment_id, number, category, amount, ordered_on, recorded_at, points, qualifying
)
SELECT row_number() OVER (), member_id, enrolment_id, 'SO' || lpad(id::text, 10, '0'),
    (ARRAY['手机', '家电', '生鲜', '图书', '服饰', ''])[1 + id %% 6], points, earned_on, earned_on + interval '4 hours', points, points
FROM memberships_pointslot
WHERE enrolment_id %% %(entries_every)s = 0 AND earned_on >= %(on)s::date - 301
ORDER BY id
