-- Where each wallet stands on its programme's ladder.
INSERT INTO memberships_tierstanding (id, member_id, enrolment_id, group_id, tier_id, cause, since, held_until)
SELECT wallet.id, wallet.member_id, wallet.id, ladder.group_id,
    ladder.tiers[1 + CASE
        WHEN share < 60 THEN 0 WHEN share < 80 THEN 1 WHEN share < 90 THEN 2 WHEN share < 96 THEN 3 WHEN share < 99 THEN 4
        ELSE 5 END %% cardinality(ladder.tiers)],
    'points', wallet.enrolled_on, CASE WHEN wallet.programme_id = %(meituan)s AND share >= 60
        THEN make_date(extract(year FROM %(on)s::date)::integer, 12, 31) END
FROM (SELECT id, member_id, programme_id, enrolled_on, bench.pick(id, 22, 100) AS share FROM memberships_enrolment) AS wallet
JOIN (
    SELECT ladder.programme_id, ladder.id AS group_id, array_agg(tier.id ORDER BY tier.rank) AS tiers
    FROM memberships_tiergroup ladder
    JOIN memberships_tier tier ON tier.group_id = ladder.id
    GROUP BY ladder.id
) AS ladder ON ladder.programme_id = wallet.programme_id
ORDER BY wallet.id
