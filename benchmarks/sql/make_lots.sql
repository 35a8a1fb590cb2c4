-- Members with a points wallet and five lots each, every lot with the entry that earned it. Of four wallets one has two
-- lots that are due by %(on)s, one has none, two have one: as many due lots as wallets. The due days are %(on)s and the
-- two days before; the other lots expire within two years or never. The same parameters on an empty database give the
-- same rows. Lots are written as they were earned, month by month, so a wallet's lots lie far from each other.
-- Triggers have to be off; what they would have checked is right here.
WITH wallet AS MATERIALIZED (
    SELECT g, nextval('memberships_member_id_seq') AS member_id, nextval('memberships_enrolment_id_seq') AS enrolment_id
    FROM generate_series(0, %(wallets)s - 1) AS g
), lot AS MATERIALIZED (
    SELECT member_id, enrolment_id, g, n, nextval('memberships_pointslot_id_seq') AS lot_id,
        10 + (g * 7 + n * 13) %% 490 AS points,
        %(on)s::date - 400 + n * 30 AS earned_on,
        CASE
            WHEN n <= (ARRAY[2, 0, 1, 1])[1 + g %% 4] THEN %(on)s::date - g / 4 %% 3
            WHEN n < 5 THEN %(on)s::date + 1 + (g * 11 + n * 97) %% 730
        END AS expires_on
    FROM (SELECT * FROM wallet, generate_series(1, 5) AS n ORDER BY n, hashint4(g)) AS shuffled
), member AS (
    INSERT INTO memberships_member (id, kind, joined_on)
    SELECT member_id, 'person', %(on)s::date - 400 FROM wallet ORDER BY g
), enrolment AS (
    INSERT INTO memberships_enrolment (id, member_id, programme_id, enrolled_on, balance)
    SELECT enrolment_id, member_id, %(programme)s, %(on)s::date - 400, sum(points)
    FROM lot
    GROUP BY enrolment_id, member_id
    ORDER BY enrolment_id
), lots AS (
    INSERT INTO memberships_pointslot (id, member_id, enrolment_id, points, remaining, earned_on, expires_on)
    SELECT lot_id, member_id, enrolment_id, points, points, earned_on, expires_on FROM lot ORDER BY lot_id
)
INSERT INTO memberships_pointsentry
    (member_id, enrolment_id, key, kind, points, debit, credit, lot_id, "on", at, reason)
SELECT member_id, enrolment_id, 'order:' || lot_id, 'earn', points, 'issued', 'liability', lot_id, earned_on,
    earned_on, ''
FROM lot
ORDER BY lot_id
