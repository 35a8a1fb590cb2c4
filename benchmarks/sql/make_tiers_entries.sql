-- The %(n)s-th of ten qualifying entries of each wallet that make_tiers.sql made, so that those of a wallet lie far from
-- each other. Five of the closed year, which add up to 0, 1,000, 3,000 or 6,000 and more; five of this one, to less or,
-- of who rises, to as much as the next tier takes. Triggers have to be off.
INSERT INTO memberships_pointsentry
    (member_id, enrolment_id, key, kind, points, qualifying, debit, credit, "on", at, reason)
SELECT member_id, id, 'order:' || %(n)s, 'earn', 0,
    CASE
        WHEN %(n)s <= 5 THEN (ARRAY[20, 220, 640, 1300])[1 + g / 10 %% 4]
        WHEN g %% 10 = 0 THEN (ARRAY[200, 600, 1200, 2400])[1 + g / 10 %% 4]
        ELSE 10 + (g + %(n)s) %% 90
    END,
    'issued', 'liability', day, day, ''
FROM (
    SELECT id, member_id, g,
        make_date(extract(year FROM %(on)s::date)::integer - CASE WHEN %(n)s <= 5 THEN 1 ELSE 0 END, 1, 1)
            + ((g * 11 + %(n)s * 13) %% 59)::integer AS day
    FROM (SELECT id, member_id, id - min(id) OVER () AS g FROM memberships_enrolment) AS wallet
) AS dated
ORDER BY id
