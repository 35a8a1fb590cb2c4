-- What members with a card each got of it: %(uses)s uses, a coupon used for an order of which the order says nothing, a
-- partner's subscription since the card began, and what came off one order. Cards begin on different days of the year
-- before %(on)s. The same parameters on an empty database give the same rows. Triggers have to be off; what they would
-- have checked is right here.
WITH owner AS MATERIALIZED (
    SELECT g, %(on)s::date - 350 + (g %% 340)::integer AS started_on,
        nextval(pg_get_serial_sequence('memberships_member', 'id')) AS member_id,
        nextval(pg_get_serial_sequence('memberships_subscription', 'id')) AS subscription_id
    FROM generate_series(0, %(members)s - 1) AS g
), member AS (
    INSERT INTO memberships_member (id, kind, joined_on) SELECT member_id, 'person', started_on FROM owner
), subscription AS (
    INSERT INTO memberships_subscription
        (id, member_id, programme_id, plan_id, requested_on, started_on, paid_until)
    SELECT subscription_id, member_id, %(programme)s, %(plan)s, started_on, started_on,
        (started_on + interval '1 year')::date - 1
    FROM owner
), term AS (
    INSERT INTO memberships_term (member_id, subscription_id, programme_id, plan_id, number, starts_on, ends_on)
    SELECT member_id, subscription_id, %(programme)s, %(plan)s, 1, started_on,
        (started_on + interval '1 year')::date - 1
    FROM owner
), used AS (
    INSERT INTO benefits_redemption
        (member_id, benefit_id, rule_id, key, category, asked_category, quantity, points, price, face_value, cost,
        funder, order_number, "on", at, reason)
    SELECT member_id, %(service)s, %(service_rule)s, 'use:' || number, '', '', 1, 0, 10, 40, 12.5, 'partner', '',
        day, day, ''
    FROM (
        SELECT member_id, number, least(%(on)s::date, started_on + number * 20) AS day, g
        FROM owner, generate_series(1, %(uses)s) AS number
    ) AS listed
    -- As they happened, so that those of a member lie far from each other.
    ORDER BY day, hashint8(g)
), held AS (
    INSERT INTO benefits_grant
        (member_id, benefit_id, rule_id, key, quantity, state, valid_from, valid_until, used_on, order_number, given_on,
        given_at)
    SELECT member_id, %(coupon)s, NULL::bigint, 'gift:1', 1, 'used', started_on, started_on + 30, started_on + 5, 'A' || g,
        started_on, started_on
    FROM owner
    UNION ALL
    SELECT member_id, %(video)s, NULL::bigint, 'gift:2', 1, 'live', started_on, NULL::date, NULL::date, '', started_on, started_on
    FROM owner
)
INSERT INTO benefits_ordersaving (member_id, benefit_id, order_number, amount, funder, "on", recorded_at)
SELECT member_id, %(discount)s, 'B' || g, 1 + g %% 900 / 100.0, 'platform', started_on + 7, started_on + 7
FROM owner
