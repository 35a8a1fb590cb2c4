-- The cards of a range of ids about which something is to be said or done on a business date because their paid days are
-- over: read by the plan of a night, its dry run, and the work itself.
--
-- grace     the card entered its days of grace, and nobody was told yet
-- lapse     its grace is over; not while a payment is open, since the money may have been taken
-- abandon   it ended, and a declined payment of it still waits to be tried again
--
-- ended_on  the last day of grace of a card to lapse
-- seen      a fingerprint of what it rests on
CREATE OR REPLACE FUNCTION memberships_ending_cards(business_date date, first_id bigint, last_id bigint)
RETURNS TABLE (subscription_id bigint, member_id bigint, kind text, paid_until date, ended_on date, seen bigint)
LANGUAGE sql STABLE AS $function$
SELECT
    card.subscription_id, card.member_id, card.kind, card.paid_until,
    CASE WHEN card.kind = 'lapse' THEN card.grace_until END,
    hashtextextended(concat_ws('|', card.kind, card.paid_until, card.grace_until), 0)
FROM (
    SELECT
        s.id AS subscription_id, s.member_id, s.paid_until, s.paid_until + plan.grace_days AS grace_until,
        CASE WHEN s.paid_until + plan.grace_days < business_date THEN 'lapse' ELSE 'grace' END AS kind
    FROM memberships_subscription s
    JOIN memberships_plan plan ON plan.id = s.plan_id
    WHERE s.ended_on IS NULL AND s.paid_until < business_date AND s.id BETWEEN first_id AND last_id
) AS card
WHERE CASE card.kind
    WHEN 'lapse' THEN NOT EXISTS (
        SELECT FROM memberships_payment p
        WHERE p.subscription_id = card.subscription_id AND p.state IN ('requested', 'unknown')
    )
    ELSE NOT EXISTS (
        SELECT FROM operations_outboxmessage told
        WHERE told.key = 'grace:' || card.subscription_id || ':' || card.paid_until
    )
END
UNION ALL
SELECT
    s.id, s.member_id, 'abandon', s.paid_until, NULL::date,
    hashtextextended(string_agg(concat_ws('-', p.id, p.attempt), '|' ORDER BY p.id), 0)
FROM memberships_payment p
JOIN memberships_subscription s ON s.id = p.subscription_id
WHERE p.state = 'declined' AND p.subscription_id BETWEEN first_id AND last_id AND s.ended_on IS NOT NULL
GROUP BY s.id, s.member_id, s.paid_until
$function$;
