-- What entitles a member on a day, whatever it entitles to: cards that are paid for or in grace, tiers, enrolments.
-- Past days are told by the facts that were true then: terms, changes of tier. A closed member has none.
-- The same for many members at once, for what is given by itself: wanted_grants.sql.
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
)
SELECT
    card.programme_id, 'plan', card.id, plan.code::text, NULL::bigint, NULL::bigint, NULL::integer, card.started_on,
    CASE
        WHEN card.ended_on IS NOT NULL THEN card.ended_on
        WHEN term.ends_on < day THEN term.ends_on + card_plan.grace_days
    END,
    term.starts_on, term.ends_on + 1, term.ends_on < day, NULL::bigint,
    (SELECT wallets.id FROM wallets WHERE wallets.programme_id = card.programme_id AND NOT is_store)
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
UNION ALL
SELECT
    wallets.programme_id, 'tier', wallets.id, NULL, tier.id, tier.group_id, tier.rank::integer, stood.since, NULL, NULL,
    NULL, false, CASE WHEN is_store THEN wallets.id END, wallets.id
FROM wallets
JOIN memberships_tierstanding standing ON standing.member_id = member AND standing.enrolment_id = wallets.id
CROSS JOIN LATERAL (
    -- The tier of today, reached by that day; else the last step by then, which was to the tier of that day.
    SELECT standing.tier_id, standing.since WHERE standing.since <= day
    UNION ALL
    (
        SELECT step.to_tier_id, step."on"
        FROM memberships_tierchange step
        WHERE standing.since > day AND step.enrolment_id = standing.enrolment_id
            AND step.group_id = standing.group_id AND step.kind <> 'kept' AND step."on" <= day
        ORDER BY step."on" DESC, step.id DESC
        LIMIT 1
    )
) AS stood
JOIN memberships_tier tier ON tier.id = stood.tier_id
UNION ALL
SELECT
    wallets.programme_id, 'enrolled', wallets.id, NULL, NULL, NULL, NULL, wallets.enrolled_on, NULL, NULL, NULL, false,
    CASE WHEN is_store THEN wallets.id END, wallets.id
FROM wallets
$function$;
