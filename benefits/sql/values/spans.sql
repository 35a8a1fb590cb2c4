-- The days that value statements of a programme are about, for members of a range of ids: from each term's first day to
-- the day before the next one's, so that what is used in grace, or of a coupon held on, counts for the term before it.
-- What no term is before (members without a card, or earlier than their first) counts by calendar years; statements.sql.
--
-- fee        what was paid for the term and not refunded; of one that no payment is behind (brought by a list), the
--            price of its plan
-- term_until the term's last day; ends_on: the span's, infinity for the last one
-- Reads only.
CREATE OR REPLACE FUNCTION benefits_value_spans(programme bigint, first_member bigint, last_member bigint)
RETURNS TABLE (
    member_id bigint, term_id bigint, plan_id bigint, starts_on date, ends_on date, term_until date, fee numeric
)
LANGUAGE sql STABLE AS $function$
SELECT term.member_id, term.id, term.plan_id, term.starts_on,
    coalesce(lead(term.starts_on) OVER (PARTITION BY term.member_id ORDER BY term.starts_on) - 1, 'infinity'),
    term.ends_on, coalesce(payment.amount - payment.refunded, plan.price)
FROM memberships_term term
JOIN memberships_plan plan ON plan.id = term.plan_id
LEFT JOIN memberships_payment payment ON payment.term_id = term.id AND payment.state = 'succeeded'
WHERE term.programme_id = programme AND term.member_id BETWEEN first_member AND last_member
$function$;
