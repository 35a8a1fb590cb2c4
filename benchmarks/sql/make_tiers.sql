-- Members who stand on a ladder since last year. All stand where the closed year's points put them; one in ten reaches
-- the next tier this year. The same parameters on an empty database give the same rows. Their entries:
-- make_tiers_entries.sql. Triggers have to be off; what they would have checked is right here.
WITH wallet AS MATERIALIZED (
    SELECT g, nextval('memberships_member_id_seq') AS member_id, nextval('memberships_enrolment_id_seq') AS enrolment_id,
        (g / 10) %% 4 AS level
    FROM generate_series(0, %(wallets)s - 1) AS g
), member AS (
    INSERT INTO memberships_member (id, kind, joined_on)
    SELECT member_id, 'person', %(on)s::date - 800 FROM wallet
), enrolment AS (
    INSERT INTO memberships_enrolment (id, member_id, programme_id, enrolled_on, balance)
    SELECT enrolment_id, member_id, %(programme)s, %(on)s::date - 800, 0 FROM wallet
)
INSERT INTO memberships_tierstanding (member_id, enrolment_id, group_id, tier_id, cause, since, held_until)
SELECT member_id, enrolment_id, %(group)s, (%(tiers)s::bigint[])[1 + level], 'points', %(on)s::date - 200,
    CASE WHEN level > 0 THEN make_date(extract(year FROM %(on)s::date)::integer, 12, 31) END
FROM wallet
