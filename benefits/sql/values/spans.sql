-- The days that value statements of a programme are about, for members of a range of ids: from each term's first day to
-- the day before the next one's, so that what is used in grace, or of a coupon held on, counts for the term before it.
-- What no term is before (members without a card, or earlier than their first) counts by calendar years; statements.sql.
--
-- fee        what was paid for the term and not refunded; of one that no payment is behind (brought by a list), the
--            price of its plan
-- Of a card that went with a merge the term that ran, and those to come, are the card's that goes on, with what was paid
-- for them; the days before stay with the card that ended.
--
-- term_until the term's last day; ends_on: the span's, infinity for the last one
-- Reads only.
CREATE OR REPLACE FUNCTION benefits_value_spans(programme bigint, first_member bigint, last_member bigint)
RETURNS TABLE (
    member_id bigint, term_id bigint, plan_id bigint, starts_on date, ends_on date, term_until date, fee numeric
)
LANGUAGE sql STABLE AS $function$
SELECT term.member_id, term.id, term.plan_id, term.starts_on,
    coalesce(lead(term.starts_on) OVER (PARTITION BY term.member_id ORDER BY term.starts_on) - 1, 'infinity'),
    term.ends_on, CASE WHEN gone.id IS NULL THEN coalesce(payment.amount - payment.refunded, plan.price) ELSE 0 END
FROM memberships_term term
JOIN memberships_plan plan ON plan.id = term.plan_id
LEFT JOIN memberships_mergedcard came ON came.card_id = term.subscription_id AND term.number <= came.terms
LEFT JOIN memberships_membermerge merge ON merge.id = came.merge_id
LEFT JOIN memberships_term paid
    ON paid.member_id = merge.former_id AND paid.subscription_id = came.former_id AND paid.number = term.number
LEFT JOIN memberships_payment payment ON payment.term_id = coalesce(paid.id, term.id) AND payment.state = 'succeeded'
LEFT JOIN LATERAL (
    SELECT moved.id
    FROM memberships_mergedcard moved
    JOIN memberships_membermerge done ON done.id = moved.merge_id AND done.undone_at IS NULL
    WHERE moved.former_id = term.subscription_id AND term.ends_on >= done."on"
    LIMIT 1
) AS gone ON true
WHERE term.programme_id = programme AND term.member_id BETWEEN first_member AND last_member
    AND (came.id IS NULL OR term.ends_on >= merge."on")
$function$;
