-- What is to be given by itself to the members of a range of ids on a day: the automatic rules that hold for them, as
-- benefits_rights would say of each (tests/benefits/test_entitlements_model.py), by a few joins over ranges of indexes.
-- Rules for a choice group hold for those who have the option, chosen or by default.
--
-- right_key   the right: benefit, rule, card or wallet; the keys of its grants begin so. It goes on when a rule's version
--             gives way to the next one.
CREATE OR REPLACE FUNCTION benefits_wanted_grants(first_id bigint, last_id bigint, day date)
RETURNS TABLE (
    member_id bigint, benefit_id bigint, rule_id bigint, source text, source_id bigint, subscription_id bigint,
    store_id bigint, is_in_grace boolean, right_key text
)
LANGUAGE sql STABLE AS $function$
WITH rule AS MATERIALIZED (
    SELECT rule.id, rule.benefit_id, rule.code, rule.plan_code, rule.tier_id, rule.and_above, rule.segment,
        rule.region, rule.choice_group_id, rule.is_automatic, benefit.programme_id, programme.enrols = 'store' AS is_store,
        tier.group_id AS tier_group_id, tier.rank AS tier_rank
    FROM benefits_benefitrule rule
    JOIN benefits_benefit benefit ON benefit.id = rule.benefit_id
        AND (benefit.retired_on IS NULL OR benefit.retired_on > day)
    JOIN memberships_programme programme ON programme.id = benefit.programme_id
    LEFT JOIN memberships_tier tier ON tier.id = rule.tier_id
    LEFT JOIN benefits_choicegroup choice_group ON choice_group.id = rule.choice_group_id
    WHERE rule.starts_on <= day AND (rule.ends_on IS NULL OR rule.ends_on >= day)
        AND (choice_group.retired_on IS NULL OR choice_group.retired_on > day)
        -- The window of a group is counted from all rules that name it, automatic or not.
        AND (rule.is_automatic OR rule.choice_group_id IN (
            SELECT choice_group_id FROM benefits_benefitrule WHERE is_automatic AND choice_group_id IS NOT NULL
        ))
), matching AS (
    SELECT card.member_id, rule.id AS rule_id, 'plan' AS source, card.id AS source_id, card.id AS subscription_id,
        NULL::bigint AS store_id, term.ends_on < day AS is_in_grace, card.started_on AS since,
        CASE
            WHEN card.ended_on IS NOT NULL THEN card.ended_on
            WHEN term.ends_on < day THEN term.ends_on + card_plan.grace_days
        END AS until,
        term.starts_on AS term_from, term.ends_on + 1 AS term_after
    FROM memberships_subscription card
    JOIN memberships_plan card_plan ON card_plan.id = card.plan_id
    -- The last term that has begun: the one of that day, or the card's last one, since terms leave no gap.
    JOIN memberships_term term ON term.member_id BETWEEN first_id AND last_id AND term.member_id = card.member_id
        AND term.subscription_id = card.id AND term.starts_on <= day
        AND (term.ends_on >= day OR term.ends_on = card.paid_until)
    JOIN memberships_plan plan ON plan.id = term.plan_id
    JOIN rule ON rule.programme_id = card.programme_id AND rule.plan_code = plan.code
    WHERE card.member_id BETWEEN first_id AND last_id AND card.started_on <= day
        AND (card.ended_on IS NULL OR card.ended_on >= day) AND card.paid_until + card_plan.grace_days >= day
        AND card.programme_id IN (SELECT programme_id FROM rule WHERE plan_code <> '')
        AND term.ends_on + card_plan.grace_days >= day
    UNION ALL
    SELECT standing.member_id, rule.id, 'tier', wallet.id, NULL, CASE WHEN rule.is_store THEN wallet.id END, false,
        -- Only windows of choice groups are counted from it.
        CASE WHEN rule.choice_group_id IS NOT NULL THEN CASE WHEN rule.and_above THEN
            coalesce(benefits_tier_since(wallet.id, standing.group_id, rule.tier_rank, day), stood.since)
        ELSE stood.since END END,
        NULL, NULL, NULL
    FROM memberships_tierstanding standing
    JOIN memberships_enrolment wallet ON wallet.member_id BETWEEN first_id AND last_id
        AND wallet.id = standing.enrolment_id AND wallet.enrolled_on <= day
    CROSS JOIN LATERAL (
        SELECT CASE WHEN standing.since <= day THEN standing.since ELSE (
            SELECT max(step."on")
            FROM memberships_tierchange step
            WHERE step.enrolment_id = wallet.id AND step.group_id = standing.group_id AND step.kind <> 'kept'
                AND step."on" <= day
        ) END AS since
    ) AS stood
    -- The tier of today, reached by that day; else the last step by then, which was to the tier of that day.
    JOIN memberships_tier tier ON tier.id = CASE WHEN standing.since <= day THEN standing.tier_id ELSE (
        SELECT step.to_tier_id
        FROM memberships_tierchange step
        WHERE step.enrolment_id = wallet.id AND step.group_id = standing.group_id AND step.kind <> 'kept'
            AND step."on" <= day
        ORDER BY step."on" DESC, step.id DESC
        LIMIT 1
    ) END
    JOIN rule ON rule.tier_group_id = standing.group_id
        AND (rule.tier_id = tier.id OR rule.and_above AND rule.tier_rank <= tier.rank)
    WHERE standing.member_id BETWEEN first_id AND last_id
        AND standing.group_id IN (SELECT tier_group_id FROM rule WHERE tier_group_id IS NOT NULL)
    UNION ALL
    SELECT wallet.member_id, rule.id, 'enrolled', wallet.id, NULL, CASE WHEN rule.is_store THEN wallet.id END, false,
        wallet.enrolled_on, NULL, NULL, NULL
    FROM memberships_enrolment wallet
    JOIN rule ON rule.programme_id = wallet.programme_id AND rule.plan_code = '' AND rule.tier_id IS NULL
    WHERE wallet.member_id BETWEEN first_id AND last_id AND wallet.enrolled_on <= day
), entitled AS MATERIALIZED (
    SELECT matching.*, rule.benefit_id, rule.code, rule.choice_group_id, rule.is_automatic,
        CASE WHEN matching.is_in_grace THEN matching.term_after - 1 ELSE day END AS card_day
    FROM matching
    JOIN rule ON rule.id = matching.rule_id
    WHERE NOT EXISTS (
            SELECT FROM memberships_member owner WHERE owner.id = matching.member_id AND owner.closed_on <= day
        )
        AND (rule.region = '' OR rule.region = benefits_region_on(matching.member_id, day))
        AND (rule.segment = '' OR EXISTS (
            SELECT FROM benefits_membersegment belongs
            WHERE belongs.member_id = matching.member_id AND belongs.segment = rule.segment AND belongs.since <= day
                AND (belongs.until IS NULL OR belongs.until >= day)
        ))
), choosing AS MATERIALIZED (
    SELECT choice_group.id, choice_group."window", choice_group.basis
    FROM (SELECT DISTINCT choice_group_id FROM rule WHERE choice_group_id IS NOT NULL) AS named
    CROSS JOIN LATERAL benefits_group_on(named.choice_group_id, day) AS choice_group
), picked AS MATERIALIZED (
    SELECT anchor.member_id, anchor.choice_group_id, chosen.benefit_id
    FROM (
        SELECT DISTINCT ON (entitled.member_id, entitled.choice_group_id) entitled.member_id, entitled.choice_group_id,
            choice_group."window", choice_group.basis, entitled.since, entitled.card_day, entitled.term_from,
            entitled.term_after,
            min(entitled.since) OVER own AS earliest, array_agg(entitled.benefit_id) OVER own AS options
        FROM entitled
        JOIN choosing AS choice_group ON choice_group.id = entitled.choice_group_id
        WINDOW own AS (PARTITION BY entitled.member_id, entitled.choice_group_id)
        ORDER BY entitled.member_id, entitled.choice_group_id,
            choice_group."window" = 'term' AND entitled.source <> 'plan', entitled.since, entitled.source_id
    ) AS anchor
    CROSS JOIN LATERAL benefits_window(
        anchor."window", anchor.basis, anchor.since,
        CASE anchor.basis WHEN 'calendar' THEN day ELSE anchor.card_day END, anchor.term_from, anchor.term_after
    ) AS part
    LEFT JOIN LATERAL benefits_kept_window(anchor.member_id, anchor.choice_group_id, day) AS kept ON true
    CROSS JOIN LATERAL (SELECT coalesce(kept.first, part.first) AS first) AS span
    CROSS JOIN LATERAL benefits_chosen(
        anchor.member_id, anchor.choice_group_id, span.first,
        coalesce(
            kept.opened,
            benefits_opened_on(anchor.member_id, anchor.choice_group_id, span.first, anchor.earliest, day)
        ),
        day, anchor.options
    ) AS chosen
)
SELECT entitled.member_id, entitled.benefit_id, entitled.rule_id, entitled.source, entitled.source_id,
    entitled.subscription_id, entitled.store_id, entitled.is_in_grace,
    'right:' || entitled.benefit_id || ':' || entitled.code || ':'
    || CASE entitled.source WHEN 'plan' THEN 'card-' WHEN 'tier' THEN 'tier-' ELSE 'wallet-' END || entitled.source_id || ':'
FROM entitled
WHERE entitled.is_automatic AND (entitled.choice_group_id IS NULL OR EXISTS (
    SELECT FROM picked
    WHERE picked.member_id = entitled.member_id AND picked.choice_group_id = entitled.choice_group_id
        AND picked.benefit_id = entitled.benefit_id
))
$function$;
