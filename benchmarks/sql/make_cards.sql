-- Members with a card each, the agreement it is paid by, and its terms up to now: every %(every)s-th card is paid
-- until the day after %(on)s (a card with one lead day is due), the others are paid for at least forty days more.
-- The same parameters on an empty database give the same rows. Cards take turns in the plans and the tokens given
-- and have one to six terms behind them. Triggers have to be off; what they would have written is written here.
WITH plan AS (
    SELECT row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS plans, id, programme_id, term_months
    FROM memberships_plan
    WHERE id = ANY(%(plans)s)
), wanted AS (
    SELECT
        g, 1 + g %% 6 AS terms,
        CASE WHEN g %% %(every)s = 0 THEN %(on)s::date + 1 ELSE %(on)s::date + 40 + g %% 200 END AS last_day,
        (%(tokens)s::text[])[1 + g / %(every)s %% cardinality(%(tokens)s::text[])] || '-' || g AS token
    FROM generate_series(1, %(cards)s) AS g
), card AS MATERIALIZED (
    SELECT
        w.g, w.terms, w.token, p.id AS plan_id, p.programme_id, p.term_months,
        (w.last_day + 1 - make_interval(months => w.terms * p.term_months))::date AS started_on,
        nextval('memberships_member_id_seq') AS member_id,
        nextval('memberships_paymentmethod_id_seq') AS method_id,
        nextval('memberships_subscription_id_seq') AS subscription_id
    FROM wanted w JOIN plan p ON p.place = w.g / 7 %% p.plans
    ORDER BY w.g
), member AS (
    INSERT INTO memberships_member (id, kind, joined_on)
    SELECT member_id, 'person', started_on FROM card ORDER BY g
), method AS (
    INSERT INTO memberships_paymentmethod (id, member_id, gateway, token, label, added_on)
    SELECT method_id, member_id, %(gateway)s, token, '', started_on FROM card ORDER BY g
), subscription AS (
    INSERT INTO memberships_subscription
        (id, member_id, programme_id, plan_id, payment_method_id, requested_on, started_on, paid_until)
    SELECT
        subscription_id, member_id, programme_id, plan_id, method_id, started_on, started_on,
        (started_on + make_interval(months => terms * term_months))::date - 1
    FROM card ORDER BY g
)
INSERT INTO memberships_term (member_id, subscription_id, programme_id, plan_id, number, starts_on, ends_on)
SELECT
    member_id, subscription_id, programme_id, plan_id, number,
    (started_on + make_interval(months => (number - 1) * term_months))::date,
    (started_on + make_interval(months => number * term_months))::date - 1
FROM card, generate_series(1, terms) AS number
ORDER BY g, number
