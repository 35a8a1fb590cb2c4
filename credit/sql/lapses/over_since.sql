-- The first day on which a card is not held any more by its facts, in the past or to come; NULL: it never began.
-- A cancelled or refunded card has no days of grace; one that was cancelled in its grace was over on that day.
-- Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_card_over_since(subscription bigint) RETURNS date
LANGUAGE sql STABLE AS $function$
    SELECT 1 + CASE
        WHEN card.refunded_on IS NOT NULL THEN least(card.ended_on, card.paid_until)
        WHEN card.cancelled_on IS NOT NULL
            THEN least(card.ended_on, greatest(card.paid_until, card.cancelled_on - 1))
        ELSE coalesce(card.ended_on, card.paid_until + plan.grace_days)
    END
    FROM memberships_subscription card
    JOIN memberships_plan plan ON plan.id = card.plan_id
    WHERE card.id = subscription
$function$;
