-- Members with a card, a wallet and a tier each. Cards begin on different days of the year before %(on)s and are paid for
-- a year; tiers were reached on enrolment and fifty days later. The same parameters on an empty database give the same
-- rows. Triggers have to be off; what they would have checked is right here.
WITH owner AS MATERIALIZED (
    SELECT g, %(on)s::date - 350 + g %% 340 AS started_on,
        nextval(pg_get_serial_sequence('memberships_member', 'id')) AS member_id,
        nextval(pg_get_serial_sequence('memberships_enrolment', 'id')) AS enrolment_id,
        nextval(pg_get_serial_sequence('memberships_subscription', 'id')) AS subscription_id
    FROM generate_series(0, %(members)s - 1) AS g
), member AS (
    INSERT INTO memberships_member (id, kind, joined_on)
    SELECT member_id, 'person', %(on)s::date - 500 FROM owner
), enrolment AS (
    INSERT INTO memberships_enrolment (id, member_id, programme_id, enrolled_on, balance)
    SELECT enrolment_id, member_id, %(programme)s, %(on)s::date - 500, 0 FROM owner
), subscription AS (
    INSERT INTO memberships_subscription
        (id, member_id, programme_id, plan_id, requested_on, started_on, paid_until)
    SELECT subscription_id, member_id, %(programme)s, %(plan)s, started_on, started_on,
        (started_on + interval '1 year')::date - 1
    FROM owner
), change AS (
    INSERT INTO memberships_tierchange
        (member_id, enrolment_id, group_id, key, kind, cause, from_tier_id, to_tier_id, evidence, "on", at, reason)
    SELECT member_id, enrolment_id, %(group)s, 'step:' || step, CASE step WHEN 1 THEN 'first' ELSE 'up' END, 'points',
        CASE step WHEN 2 THEN (%(tiers)s::bigint[])[1] END, (%(tiers)s::bigint[])[step], '{}',
        %(on)s::date - 500 + 50 * step, %(on)s::date - 500 + 50 * step, ''
    FROM owner, generate_series(1, 2) AS step
)
INSERT INTO memberships_term (member_id, subscription_id, programme_id, plan_id, number, starts_on, ends_on)
SELECT member_id, subscription_id, %(programme)s, %(plan)s, 1, started_on, (started_on + interval '1 year')::date - 1
FROM owner
