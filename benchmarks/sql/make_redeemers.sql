-- Cards for the members that make_lots.sql made: of the plan %(plan)s, begun a hundred days before %(on)s, paid for a year.
-- The same parameters on the same database give the same rows. Triggers have to be off; what they would have written is
-- written here.
WITH card AS MATERIALIZED (
    SELECT member_id, nextval(pg_get_serial_sequence('memberships_subscription', 'id')) AS subscription_id,
        %(on)s::date - 100 AS started_on, (%(on)s::date - 100 + interval '1 year')::date - 1 AS ends_on
    FROM memberships_enrolment
    WHERE programme_id = %(programme)s
    ORDER BY id
), subscription AS (
    INSERT INTO memberships_subscription
        (id, member_id, programme_id, plan_id, requested_on, started_on, paid_until)
    SELECT subscription_id, member_id, %(programme)s, %(plan)s, started_on, started_on, ends_on FROM card
)
INSERT INTO memberships_term (member_id, subscription_id, programme_id, plan_id, number, starts_on, ends_on)
SELECT member_id, subscription_id, %(programme)s, %(plan)s, 1, started_on, ends_on FROM card
