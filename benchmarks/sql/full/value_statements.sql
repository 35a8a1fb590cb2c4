-- The value statement of the present term of those members, as the night left it.
INSERT INTO benefits_valuestatement (
    id, member_id, programme_id, plan_id, starts_on, term_until, as_of, fee, uses, unpriced, reference, paid, saved, cost,
    break_even_on
)
SELECT row_number() OVER (), card.member_id, card.programme_id, card.plan_id, term.starts_on, term.ends_on, %(on)s::date - 1,
    plan.price, usage.uses, 0, usage.uses * 6, 0, usage.uses * 6, usage.uses * 4,
    CASE WHEN usage.uses * 6 >= plan.price THEN %(on)s::date - 40 END
FROM benefits_usage usage
JOIN memberships_subscription card ON card.member_id = usage.member_id
JOIN memberships_term term ON term.subscription_id = card.id AND term.starts_on <= %(on)s::date AND term.ends_on >= %(on)s::date
JOIN memberships_plan plan ON plan.id = card.plan_id
