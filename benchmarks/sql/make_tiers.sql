-- Members who stand on a ladder since last year, and ten qualifying entries each over the last two years. All stand where
-- the closed year's points put them, but one in ten, who reached the next tier this year. The same parameters on an empty
-- database give the same rows. Entries are written day by day, so those of a wallet lie far from each other.
-- Triggers have to be off; what they would have checked is right here.
WITH wallet AS MATERIALIZED (
    SELECT g, nextval('memberships_member_id_seq') AS member_id, nextval('memberships_enrolment_id_seq') AS enrolment_id,
        g %% 10 = 0 AS is_rising, (g / 10) %% 4 AS level
    FROM generate_series(0, %(wallets)s - 1) AS g
), entry AS MATERIALIZED (
    -- Five entries of the closed year, which add up to 0, 1,000, 3,000 or 6,000 and more; five of this one, to less or,
    -- of who rises, to as much as the next tier takes.
    SELECT member_id, enrolment_id, g, n,
        make_date(extract(year FROM %(on)s::date)::integer - CASE WHEN n <= 5 THEN 1 ELSE 0 END, 1, 1)
            + ((g * 11 + n * 13) %% 59)::integer AS "on",
        CASE
            WHEN n <= 5 THEN (ARRAY[20, 220, 640, 1300])[1 + level]
            WHEN is_rising THEN (ARRAY[200, 600, 1200, 2400])[1 + level]
            ELSE 10 + (g + n) %% 90
        END AS qualifying
    FROM (SELECT * FROM wallet, generate_series(1, 10) AS n ORDER BY n, hashint8(g)) AS shuffled
), member AS (
    INSERT INTO memberships_member (id, kind, joined_on)
    SELECT member_id, 'person', %(on)s::date - 800 FROM wallet ORDER BY g
), enrolment AS (
    INSERT INTO memberships_enrolment (id, member_id, programme_id, enrolled_on, balance)
    SELECT enrolment_id, member_id, %(programme)s, %(on)s::date - 800, 0 FROM wallet ORDER BY enrolment_id
), standing AS (
    INSERT INTO memberships_tierstanding (member_id, enrolment_id, group_id, tier_id, cause, since, held_until)
    SELECT member_id, enrolment_id, %(group)s, (%(tiers)s::bigint[])[1 + level], 'points', %(on)s::date - 200,
        CASE WHEN level > 0 THEN make_date(extract(year FROM %(on)s::date)::integer, 12, 31) END
    FROM wallet
    ORDER BY enrolment_id
)
INSERT INTO memberships_pointsentry
    (member_id, enrolment_id, key, kind, points, qualifying, debit, credit, "on", at, reason)
SELECT member_id, enrolment_id, 'order:' || n, 'earn', 0, qualifying, 'issued', 'liability', "on", "on", ''
FROM entry
ORDER BY n, hashint8(g)
