-- A year of uses, one a week, of every %(every)s-th member that make_entitled.sql made, by turns of all benefits; written as
-- they happened, so that those of a member lie far from each other. Triggers have to be off.
WITH used AS (
    INSERT INTO benefits_redemption
        (member_id, benefit_id, rule_id, key, category, asked_category, quantity, points, price, funder, order_number,
        "on", at, reason)
    SELECT id, (%(benefits)s::bigint[])[1 + place], (%(rules)s::bigint[])[1 + place], 'use:' || week, '', '', 1, 0, 0,
        'platform', '', day, day, ''
    FROM (
        SELECT id, week, (id + week * 7) %% cardinality(%(benefits)s::bigint[]) AS place,
            %(on)s::date - 7 * week - (id %% 7)::integer AS day
        FROM memberships_member, generate_series(1, 52) AS week
        WHERE id %% %(every)s = 0
    ) AS listed
    ORDER BY day, hashint8(id)
    RETURNING member_id, benefit_id
)
INSERT INTO benefits_usage (member_id, benefit_id, uses)
SELECT member_id, benefit_id, count(*) FROM used GROUP BY member_id, benefit_id
