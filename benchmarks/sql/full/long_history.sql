-- Twenty persons with a long history: %(history)s further lots and entries each, spent half, in one wallet; as many orders;
-- a tenth as many coupons. Their triggers are off: what they would have written is right here.
WITH long AS MATERIALIZED (
    SELECT wallet.id AS enrolment_id, wallet.member_id
    FROM memberships_enrolment wallet
    JOIN memberships_subscription card ON card.member_id = wallet.member_id AND card.programme_id = %(plus)s
    WHERE wallet.id %% %(entries_every)s = 0 AND card.ended_on IS NULL AND card.paid_until >= %(on)s::date
    ORDER BY wallet.id
    LIMIT 20
), fact AS MATERIALIZED (
    SELECT long.*, k, row_number() OVER (ORDER BY k, long.member_id) AS n,
        %(on)s::date - 5 - ((%(history)s - k) * 340 / %(history)s)::integer AS day
    FROM long, generate_series(1, %(history)s) AS k
), lot AS (
    INSERT INTO memberships_pointslot (id, member_id, enrolment_id, points, remaining, earned_on, expires_on)
    SELECT (SELECT max(id) FROM memberships_pointslot) + n, member_id, enrolment_id, 20, 20 * (k %% 2), day - 10, day + 356
    FROM fact
    RETURNING id, member_id, enrolment_id, remaining, earned_on
), entry AS (
    INSERT INTO memberships_pointsentry (
        id, member_id, enrolment_id, key, kind, points, qualifying, debit, credit, lot_id, "on", at, reason
    )
    SELECT (SELECT max(id) FROM memberships_pointsentry) + row_number() OVER (ORDER BY lot.id, step), lot.member_id,
        lot.enrolment_id, CASE step WHEN 0 THEN 'order:SO' || lpad(lot.id::text, 10, '0') ELSE 'spend:' || lot.id END,
        CASE step WHEN 0 THEN 'earn' ELSE 'spend' END, CASE step WHEN 0 THEN 20 ELSE -20 END,
        CASE step WHEN 0 THEN 20 ELSE 0 END, CASE step WHEN 0 THEN 'issued' ELSE 'liability' END,
        CASE step WHEN 0 THEN 'liability' ELSE 'redeemed' END, CASE step WHEN 0 THEN lot.id END, lot.earned_on + step,
        lot.earned_on + step + interval '4 hours', ''
    FROM lot, LATERAL generate_series(0, CASE WHEN remaining = 0 THEN 1 ELSE 0 END) AS step
    RETURNING id, member_id, key, kind
), draw AS (
    INSERT INTO memberships_lotdraw (id, member_id, entry_id, lot_id, points)
    SELECT (SELECT max(id) FROM memberships_lotdraw) + row_number() OVER (), member_id, id, split_part(key, ':', 2)::bigint, 20
    FROM entry
    WHERE kind = 'spend'
), bought AS (
    INSERT INTO memberships_order (
        id, member_id, enrolment_id, number, category, amount, ordered_on, recorded_at, points, qualifying
    )
    SELECT (SELECT max(id) FROM memberships_order) + row_number() OVER (ORDER BY id), member_id, enrolment_id,
        'SO' || lpad(id::text, 10, '0'), '图书', 20, earned_on, earned_on + interval '4 hours', 20, 20
    FROM lot
), used AS (
    INSERT INTO benefits_redemption (
        id, key, category, asked_category, quantity, window_from, window_until, points, price, face_value, cost, funder,
        order_number, "on", at, reason, benefit_id, rule_id, member_id
    )
    SELECT (SELECT max(id) FROM benefits_redemption) + n, 'line:' || k, '', '', 1, NULL, NULL, 0, 0, NULL, NULL, 'platform', '',
        day, day + interval '4 hours', '', %(service)s, %(service_rule)s, member_id
    FROM fact
    WHERE k %% 10 = 0
), counted AS (
    INSERT INTO benefits_usage (id, member_id, benefit_id, uses)
    SELECT (SELECT max(id) FROM benefits_usage) + row_number() OVER (), member_id, %(service)s, %(history)s / 10 FROM long
)
UPDATE memberships_enrolment wallet
SET balance = wallet.balance + 20 * (%(history)s / 2)
FROM long
WHERE wallet.id = long.enrolment_id
