-- The declined payments of a range of ids that are to be tried again on a business date, and by which agreement: read by
-- the plan of a night, its dry run, and the attempts themselves.
--
-- To be tried again are softly declined ones whose next day has come; by hand, any declined one. The card has to be live
-- and within its grace (a first term: still owed, and wanted from that day on), and the agreement to be charged must not be removed: the
-- one named (by hand), else the card's own of today, which may be another than the one that failed. A card that has none
-- any more is not charged by itself.
--
-- seen   a fingerprint of what the attempt rests on
CREATE OR REPLACE FUNCTION memberships_payments_to_retry(
    business_date date, first_id bigint, last_id bigint, is_by_hand boolean, named_method_id bigint
)
RETURNS TABLE (payment_id bigint, member_id bigint, method_id bigint, amount numeric, seen bigint)
LANGUAGE sql STABLE AS $function$
SELECT
    p.id, p.member_id, method.id, p.amount, hashtextextended(concat_ws('|', p.attempt, p.decline, method.id), 0)
FROM memberships_payment p
JOIN memberships_subscription card ON card.id = p.subscription_id AND card.ended_on IS NULL
JOIN memberships_plan plan ON plan.id = card.plan_id
JOIN memberships_member m ON m.id = p.member_id AND (m.closed_on IS NULL OR m.closed_on > business_date)
JOIN memberships_paymentmethod method
    ON method.removed_on IS NULL AND method.id = CASE
        WHEN is_by_hand THEN coalesce(named_method_id, card.payment_method_id, p.method_id)
        ELSE card.payment_method_id
    END
WHERE p.id BETWEEN first_id AND last_id AND p.state = 'declined'
    AND (is_by_hand OR p.next_attempt_on <= business_date)
    AND CASE p.purpose
        WHEN 'start' THEN card.started_on IS NULL AND p.starts_on >= business_date
        ELSE card.paid_until = p.starts_on - 1 AND card.paid_until + plan.grace_days >= business_date
    END
    -- Hardly ever any: looked up once, not for each payment.
    AND NOT p.subscription_id = ANY (ARRAY(
        SELECT refunded.subscription_id
        FROM memberships_refund r JOIN memberships_payment refunded ON refunded.id = r.payment_id
        WHERE r.state IN ('requested', 'unknown') AND r.ends_card
    ))
$function$;
