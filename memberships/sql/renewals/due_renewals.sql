-- The cards of a range of ids that are to be charged for their next term on a business date, and for what: read by the
-- plan of a night, its dry run, and the intents themselves, so that the three agree.
--
-- Due is a live card of an open member with an agreement to charge, whose last paid day is at most the plan's lead
-- days ahead and whose grace lasts (a card beyond it lapses instead). A card whose next term has a payment already is
-- not due again, whatever became of that payment; nor is one that a refund under way will end.
-- The next term is sold by the plan's version on sale on its first day; where none is, by the card's own.
--
-- seen   a fingerprint of what the charge rests on: another value later means that one of these facts has changed
CREATE OR REPLACE FUNCTION memberships_due_renewals(business_date date, first_id bigint, last_id bigint)
RETURNS TABLE (
    subscription_id bigint, member_id bigint, programme_id bigint, plan_id bigint, method_id bigint, key text,
    amount numeric, term_number integer, starts_on date, ends_on date, seen bigint
)
LANGUAGE sql STABLE AS $function$
SELECT
    s.id,
    s.member_id,
    s.programme_id,
    coalesce(on_sale.id, own.id),
    s.payment_method_id,
    'renewal:' || s.id || ':' || to_char((s.paid_until + 1)::timestamp, 'YYYY-MM-DD'),
    coalesce(on_sale.price, own.price),
    (SELECT max(t.number) + 1 FROM memberships_term t WHERE t.member_id = s.member_id AND t.subscription_id = s.id),
    s.paid_until + 1,
    memberships_term_ends_on(s.started_on, s.paid_until + 1, coalesce(on_sale.term_months, own.term_months)),
    hashtextextended(
        concat_ws(
            '|', coalesce(on_sale.id, own.id), coalesce(on_sale.price, own.price), s.paid_until, s.payment_method_id,
            memberships_term_ends_on(s.started_on, s.paid_until + 1, coalesce(on_sale.term_months, own.term_months))
        ), 0
    )
FROM memberships_subscription s
JOIN memberships_member m ON m.id = s.member_id AND (m.closed_on IS NULL OR m.closed_on > business_date)
JOIN memberships_paymentmethod method ON method.id = s.payment_method_id AND method.removed_on IS NULL
JOIN memberships_plan own ON own.id = s.plan_id
LEFT JOIN memberships_plan on_sale
    ON on_sale.programme_id = own.programme_id AND on_sale.code = own.code
    AND on_sale.on_sale_from <= s.paid_until + 1
    AND (on_sale.on_sale_until IS NULL OR on_sale.on_sale_until > s.paid_until)
WHERE s.ended_on IS NULL AND s.id BETWEEN first_id AND last_id
    -- The index by last paid day is read from the longest grace behind to the longest lead ahead of the date.
    AND s.paid_until >= business_date - (SELECT max(grace_days) FROM memberships_plan)
    AND s.paid_until <= business_date + (SELECT max(lead_days) FROM memberships_plan)
    AND s.paid_until + own.grace_days >= business_date
    AND s.paid_until - own.lead_days <= business_date
    AND NOT EXISTS (
        SELECT FROM memberships_payment p
        WHERE p.member_id = s.member_id
            AND p.key = 'renewal:' || s.id || ':' || to_char((s.paid_until + 1)::timestamp, 'YYYY-MM-DD')
    )
    -- Hardly ever any: looked up once, not for each card.
    AND NOT s.id = ANY (ARRAY(
        SELECT p.subscription_id
        FROM memberships_refund r JOIN memberships_payment p ON p.id = r.payment_id
        WHERE r.state IN ('requested', 'unknown') AND r.ends_card
    ))
$function$;
