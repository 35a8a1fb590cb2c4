-- The same sums by one plain statement, by whoever knows that nothing came back, that no benefit was ever worth anything
-- else, and that every member has one term: facts added up by member, one row each into a table without indexes.
INSERT INTO values_limit
SELECT term.member_id, term.starts_on, plan.price, sum(fact.saved), sum(fact.cost)
FROM memberships_term term
JOIN memberships_plan plan ON plan.id = term.plan_id
JOIN (
    SELECT member_id, face_value - price AS saved, cost FROM benefits_redemption
    UNION ALL
    SELECT member_id, amount, amount FROM benefits_ordersaving
    UNION ALL
    SELECT held.member_id,
        benefit.face_value * CASE held.state WHEN 'used' THEN 1 ELSE
            passed.months + ((held.valid_from + make_interval(months => passed.months)) <= %(on)s::date)::integer
        END, 0
    FROM benefits_grant held
    CROSS JOIN LATERAL (
        SELECT (extract(year FROM %(on)s::date) - extract(year FROM held.valid_from))::integer * 12
            + (extract(month FROM %(on)s::date) - extract(month FROM held.valid_from))::integer AS months
    ) AS passed
    JOIN benefits_benefit benefit ON benefit.id = held.benefit_id
) AS fact ON fact.member_id = term.member_id
GROUP BY term.member_id, term.starts_on, plan.price
