-- Whether an open payment that the gateway never got is still to be charged on a business date: its card is live, and the
-- term can be used. A renewal is wanted while the card's grace lasts; a first term while the card waits for it, for a
-- week at most: nobody who asked for a card longer ago expects to be charged for it today.
CREATE OR REPLACE FUNCTION memberships_payment_still_wanted(payment_id bigint, business_date date)
RETURNS boolean
LANGUAGE sql STABLE AS $function$
SELECT card.ended_on IS NULL AND CASE p.purpose
    WHEN 'start' THEN card.started_on IS NULL AND p.requested_on + 7 >= business_date
    ELSE card.paid_until = p.starts_on - 1 AND card.paid_until + plan.grace_days >= business_date
END
FROM memberships_payment p
JOIN memberships_subscription card ON card.id = p.subscription_id
JOIN memberships_plan plan ON plan.id = card.plan_id
WHERE p.id = payment_id
$function$;
