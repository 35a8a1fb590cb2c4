-- What entitles a member on a day, whatever it entitles to: cards that are paid for or in grace, tiers, enrolments.
-- Past days are told by the facts that were true then: terms, changes of tier. A closed member has none.
--
-- source, source_id   'plan': the card (subscription); 'tier' and 'enrolled': the wallet (enrolment)
-- since               the day the right began: anniversaries are counted from it
-- until               the last day known of it; NULL: it is open
-- store_id            the wallet whose line of its own it is, in programmes with one for each store; else NULL
-- wallet_id           the wallet that pays points for it
CREATE OR REPLACE FUNCTION benefits_sources(member bigint, day date)
RETURNS TABLE (
    programme_id bigint, source text, source_id bigint, plan_code text, tier_id bigint, tier_group_id bigint,
    tier_rank integer, since date, until date, term_from date, term_after date, is_in_grace boolean, store_id bigint,
    wallet_id bigint
)
LANGUAGE sql STABLE AS $function$
WITH owner AS (
    SELECT id FROM memberships_member WHERE id = member AND (closed_on IS NULL OR closed_on > day)
), wallets AS (
    SELECT wallet.id, wallet.programme_id, wallet.enrolled_on, programme.enrols = 'store' AS is_store
    FROM owner
    JOIN memberships_enrolment wallet ON wallet.member_id = owner.id AND wallet.enrolled_on <= day
    JOIN memberships_programme programme ON programme.id = wallet.programme_id
), cards AS (
    SELECT card.id, card.programme_id, plan.code, card.started_on, term.starts_on, term.ends_on, term.ends_on < day AS in_grace,
        CASE
            WHEN card.ended_on IS NOT NULL THEN card.ended_on
            WHEN term.ends_on < day THEN term.ends_on + card_plan.grace_days
        END AS last_day
    FROM owner
    JOIN memberships_subscription card ON card.member_id = owner.id AND card.started_on <= day
        AND (card.ended_on IS NULL OR card.ended_on >= day)
    JOIN memberships_plan card_plan ON card_plan.id = card.plan_id
    CROSS JOIN LATERAL (
        SELECT starts_on, ends_on, plan_id
        FROM memberships_term
        WHERE member_id = owner.id AND subscription_id = card.id AND starts_on <= day
        ORDER BY number DESC
        LIMIT 1
    ) AS term
    JOIN memberships_plan plan ON plan.id = term.plan_id
    WHERE term.ends_on + card_plan.grace_days >= day
)
SELECT
    cards.programme_id, 'plan', cards.id, cards.code, NULL::bigint, NULL::bigint, NULL::integer, cards.started_on,
    cards.last_day, cards.starts_on, cards.ends_on + 1, cards.in_grace, NULL::bigint,
    (SELECT wallets.id FROM wallets WHERE wallets.programme_id = cards.programme_id AND NOT is_store)
FROM cards
UNION ALL
SELECT
    wallets.programme_id, 'tier', wallets.id, NULL, tier.id, tier.group_id, tier.rank::integer,
    coalesce(reached."on", changed."on"), NULL, NULL, NULL, false, CASE WHEN is_store THEN wallets.id END, wallets.id
FROM wallets
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (change.group_id) change.group_id, change.to_tier_id, change."on", change.id
    FROM memberships_tierchange change
    WHERE change.enrolment_id = wallets.id AND change."on" <= day
    ORDER BY change.group_id, change."on" DESC, change.id DESC
) AS changed
-- A tier that was kept began when it was reached.
LEFT JOIN LATERAL (
    SELECT step."on"
    FROM memberships_tierchange step
    WHERE step.enrolment_id = wallets.id AND step.group_id = changed.group_id AND step.kind <> 'kept'
        AND step."on" <= day
    ORDER BY step."on" DESC, step.id DESC
    LIMIT 1
) AS reached ON true
JOIN memberships_tier tier ON tier.id = changed.to_tier_id
UNION ALL
SELECT
    wallets.programme_id, 'enrolled', wallets.id, NULL, NULL, NULL, NULL, wallets.enrolled_on, NULL, NULL, NULL, false,
    CASE WHEN is_store THEN wallets.id END, wallets.id
FROM wallets
$function$;
