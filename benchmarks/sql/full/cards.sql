-- A card for 60 of 100 persons (JD PLUS) and 40 of 100 firms (two in three Classic, one Premium); bench.card says how each
-- stands.
INSERT INTO memberships_subscription (
    id, member_id, programme_id, plan_id, payment_method_id, requested_on, started_on, paid_until, cancelled_on, lapsed_on,
    refunded_on, ended_on
)
SELECT row_number() OVER (), member_id,
    CASE WHEN is_firm THEN %(enterprise)s ELSE %(plus)s END,
    CASE WHEN NOT is_firm THEN %(annual)s WHEN bench.pick(member_id, 11, 3) < 2 THEN %(classic)s ELSE %(premium)s END,
    CASE WHEN bench.pick(member_id, 13, 10) = 0 THEN member_id END,
    coalesce(started_on, %(on)s::date - bench.pick(member_id, 15, 20)), started_on, paid_until,
    CASE WHEN state = 'cancelled' THEN least(paid_until, %(on)s::date) - 40 END,
    CASE WHEN state = 'lapsed' THEN paid_until + 8 END,
    CASE WHEN state = 'refunded' THEN paid_until - 5 END,
    CASE WHEN state IN ('lapsed', 'cancelled', 'refunded') THEN paid_until END
FROM (
    SELECT member_id, is_firm, state, started_on, (started_on + make_interval(years => years))::date - 1 AS paid_until
    FROM (
        SELECT id AS member_id, is_firm, card.state, card.years,
            (card.last_day + 1 - make_interval(years => card.years))::date AS started_on
        FROM (
            SELECT id, bench.is_firm(id) AS is_firm
            FROM (SELECT generate_series(1, %(total)s::bigint) AS id) AS numbered
        ) AS member, LATERAL bench.card(id) AS card
        WHERE bench.pick(id, 10, 100) < CASE WHEN is_firm THEN 40 ELSE 60 END
    ) AS begun
) AS held
