-- The card of a member that carries credit in a programme on a day: 'active' while it is paid for, 'in_grace' while it
-- may still be renewed (memberships/services/subscriptions.py, with_status). `own` (the line's card now) counts
-- whatever the policy says; another one, if the policy of the day offers credit with it. No row: none is held.
-- By the facts of the cards, whether or not a job has run. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_held_card(member bigint, programme bigint, own bigint, day date)
RETURNS TABLE (subscription_id bigint, plan_code text, standing text)
LANGUAGE sql STABLE AS $function$
    SELECT card.id, plan.code::text, CASE WHEN card.paid_until >= day THEN 'active' ELSE 'in_grace' END
    FROM memberships_subscription card
    JOIN memberships_plan plan ON plan.id = card.plan_id
    WHERE card.member_id = member AND card.programme_id = programme AND card.started_on <= day
        AND (card.ended_on IS NULL OR card.ended_on >= day)
        AND (
            card.paid_until >= day
            OR card.paid_until + plan.grace_days >= day AND card.cancelled_on IS NULL AND card.refunded_on IS NULL
        )
        AND (card.id = own OR EXISTS (
            SELECT FROM credit_creditpolicy policy
            WHERE policy.programme_id = programme AND policy.starts_on <= day
                AND (policy.ends_on IS NULL OR policy.ends_on >= day) AND policy.offers ? plan.code
        ))
    ORDER BY card.id = own DESC, card.paid_until >= day DESC, card.id DESC
    LIMIT 1
$function$;
