-- What a member is entitled to on a day, rule by rule and source by source: what the desk shows, what a redemption
-- goes by, and what is granted by itself all ask here.
--
-- A line is a benefit, a category of goods (blank: all) and, in programmes with a wallet for each store, the store.
-- Where several rules hold for a line, the benefit says what they come to:
--   best   the one that leaves most (no quota before any), then the higher quota, the lower price, the earlier code;
--          uses of the line count against each rule's window, whatever rule they were under
--   sum    all of them; each counts its own uses, and the one whose window ends first is used first
-- `place` 1 is the rule that a use goes by now. One that is left out (not chosen) has no place.
--
-- Uses are counted over the whole of the window as it is known today, also for a past day: a use that comes in late must
-- not find a quota that later ones took. A card in grace begins no window of its own, it goes on in the last one that
-- was paid for; calendar windows go by the calendar.
--
-- A choice group has one window at a time for a member, whichever of its options are asked for: it is counted from the
-- source that is held longest (a window of terms: from the card). The days to choose begin with the window, or with the
-- first right to it within the window (`group_opened`). Once something was chosen in it, the window stays what it was
-- until it is over, and the days to choose in the next one begin then (kept_window.sql). Rules of a group that is retired don't count.
--
-- How rules combine, choice groups with their options, and where the member is at home are told as they were on that
-- day, where they were changed since.
--
-- Uses under other numbers of the member (records that were merged into it) count like its own, of a store those of the
-- store of that name.
--
-- wanted     one benefit only; NULL: all
-- category   uses for that category: by rules of its own, else by those for all; NULL: all lines
-- region     where it is to be used; NULL: the member's own, where known. Rules of other regions are left out.
CREATE OR REPLACE FUNCTION benefits_rights(
    member bigint, day date, wanted bigint DEFAULT NULL, asked_category text DEFAULT NULL, asked_region text DEFAULT NULL
)
RETURNS TABLE (
    benefit_id bigint, rule_id bigint, rule_code text, category text, source text, source_id bigint, since date,
    until date, is_in_grace boolean, store_id bigint, wallet_id bigint, quota bigint, used bigint, "left" bigint,
    window_from date, window_after date, group_id bigint, group_from date, group_after date, is_chosen boolean,
    is_default boolean, points_price bigint, member_price numeric, is_automatic boolean, place bigint,
    group_opened date, tier_id bigint, combine text, group_paid_after date
)
-- Planned once a connection: the first five plans would take longer than all else.
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $function$
#variable_conflict use_column
DECLARE
    records bigint[] := memberships_records_of(member);
BEGIN
    RETURN QUERY
    WITH origins AS MATERIALIZED (
        SELECT * FROM benefits_sources(member, day)
    ), home AS MATERIALIZED (
        SELECT coalesce(asked_region, benefits_region_on(member, day)) AS region
    ), matching AS MATERIALIZED (
        SELECT
            coalesce((
                SELECT nullif(version.combine, '')
                FROM benefits_benefitterms version
                WHERE version.benefit_id = benefit.id AND version.ends_on >= day
                ORDER BY version.starts_on
                LIMIT 1
            ), benefit.combine) AS combine,
            rule.*, origin.source, origin.source_id, origin.tier_id AS source_tier_id,
            -- Higher tiers, too: since when the member has stood as high, or higher.
            CASE WHEN rule.and_above THEN coalesce(
                benefits_tier_since(origin.source_id, origin.tier_group_id, least_tier.rank, day), origin.since
            ) ELSE origin.since END AS since,
            origin.until, origin.is_in_grace, origin.store_id, origin.wallet_id, origin.term_from, origin.term_after,
            CASE WHEN origin.is_in_grace THEN origin.term_after - 1 ELSE day END AS card_day
        FROM origins AS origin
        JOIN benefits_benefit benefit ON benefit.programme_id = origin.programme_id
            AND (benefit.retired_on IS NULL OR benefit.retired_on > day)
            -- The other options of its group, too: the window of the group is theirs as well.
            AND (wanted IS NULL OR benefit.id = wanted OR benefit.id IN (
                SELECT other.benefit_id
                FROM benefits_benefitrule own
                JOIN benefits_benefitrule other ON other.choice_group_id = own.choice_group_id
                WHERE own.benefit_id = wanted
            ))
        JOIN benefits_benefitrule rule ON rule.benefit_id = benefit.id
            AND rule.starts_on <= day AND (rule.ends_on IS NULL OR rule.ends_on >= day)
        LEFT JOIN memberships_tier least_tier ON least_tier.id = rule.tier_id
        WHERE CASE origin.source
                WHEN 'plan' THEN rule.plan_code = origin.plan_code
                WHEN 'tier' THEN rule.tier_id = origin.tier_id OR (
                    rule.and_above AND least_tier.group_id = origin.tier_group_id
                    AND least_tier.rank <= origin.tier_rank
                )
                ELSE rule.plan_code = '' AND rule.tier_id IS NULL
            END
            AND (rule.region = '' OR rule.region = (SELECT region FROM home))
            AND (rule.segment = '' OR EXISTS (
                SELECT FROM benefits_membersegment belongs
                WHERE belongs.member_id = member AND belongs.segment = rule.segment AND belongs.since <= day
                    AND (belongs.until IS NULL OR belongs.until >= day)
            ))
            AND (rule.choice_group_id IS NULL OR EXISTS (
                SELECT FROM benefits_choicegroup offered
                WHERE offered.id = rule.choice_group_id AND (offered.retired_on IS NULL OR offered.retired_on > day)
            ))
    ), groups AS MATERIALIZED (
        SELECT anchor.choice_group_id, span.first,
            CASE WHEN span.after <= day THEN anchor.until + 1 ELSE span.after END AS after,
            coalesce(
                span.opened,
                benefits_opened_on(member, anchor.choice_group_id, span.first, anchor.earliest, day)
            ) AS opened,
            span.after AS paid_after
        FROM (
            SELECT DISTINCT ON (matching.choice_group_id) matching.choice_group_id, choice_group."window",
                choice_group.basis, matching.since, matching.card_day, matching.term_from, matching.term_after,
                matching.until, min(matching.since) OVER (PARTITION BY matching.choice_group_id) AS earliest
            FROM matching
            CROSS JOIN LATERAL benefits_group_on(matching.choice_group_id, day) AS choice_group
            ORDER BY matching.choice_group_id, choice_group."window" = 'term' AND matching.source <> 'plan',
                matching.since, matching.source_id
        ) AS anchor
        CROSS JOIN LATERAL benefits_window(
            anchor."window", anchor.basis, anchor.since,
            CASE anchor.basis WHEN 'calendar' THEN day ELSE anchor.card_day END, anchor.term_from, anchor.term_after
        ) AS part
        LEFT JOIN LATERAL benefits_kept_window(member, anchor.choice_group_id, day) AS kept ON true
        CROSS JOIN LATERAL (
            SELECT part.first, part.after, NULL::date AS opened WHERE kept.first IS NULL
            UNION ALL
            SELECT kept.first, kept.after, kept.opened WHERE kept.first IS NOT NULL
        ) AS span
    ), picked AS MATERIALIZED (
        SELECT groups.choice_group_id, chosen.benefit_id, chosen.choice_id
        FROM groups
        CROSS JOIN LATERAL benefits_chosen(
            member, groups.choice_group_id, groups.first, groups.opened, day, ARRAY(
                SELECT matching.benefit_id FROM matching WHERE matching.choice_group_id = groups.choice_group_id
            )
        ) AS chosen
    ), asked AS (
        SELECT matching.*
        FROM matching
        WHERE (wanted IS NULL OR matching.benefit_id = wanted)
            -- A category that has rules of its own goes by those.
            AND (asked_category IS NULL OR matching.category = CASE WHEN EXISTS (
                SELECT FROM matching own
                WHERE own.benefit_id = matching.benefit_id AND own.category = asked_category
                    AND own.store_id IS NOT DISTINCT FROM matching.store_id
            ) THEN asked_category ELSE '' END)
    ), counted AS (
        SELECT asked.*, span.first AS window_from, span.after AS window_after, groups.first AS group_from,
            groups.after AS group_after, groups.opened AS group_opened, groups.paid_after AS group_paid_after,
            picked.benefit_id IS NOT NULL AS is_chosen,
            picked.benefit_id IS NOT NULL AND picked.choice_id IS NULL AS is_default, uses.used
        FROM asked
        CROSS JOIN LATERAL benefits_window(
            asked."window", asked.basis, asked.since, CASE asked.basis WHEN 'calendar' THEN day ELSE card_day END,
            asked.term_from, asked.term_after
        ) AS paid
        CROSS JOIN LATERAL (
            SELECT paid.first, CASE WHEN paid.after <= day THEN asked.until + 1 ELSE paid.after END AS after
        ) AS span
        LEFT JOIN groups ON groups.choice_group_id = asked.choice_group_id
        LEFT JOIN picked ON picked.choice_group_id = asked.choice_group_id AND picked.benefit_id = asked.benefit_id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(redemption.quantity), 0) AS used
            FROM benefits_redemption redemption
            WHERE redemption.member_id = ANY(records) AND redemption.benefit_id = asked.benefit_id
                AND redemption.state = 'done' AND redemption.category = asked.category
                AND redemption."on" >= span.first AND (span.after IS NULL OR redemption."on" < span.after)
                AND (asked.store_id IS NULL OR redemption.enrolment_id = asked.store_id
                    OR redemption.member_id <> member
                        AND memberships_same_store(redemption.enrolment_id, asked.store_id))
                AND (asked.combine = 'best' OR EXISTS (
                    SELECT FROM benefits_benefitrule version
                    WHERE version.id = redemption.rule_id AND version.code = asked.code
                ))
        ) AS uses
    )
    SELECT
        counted.benefit_id, counted.id, counted.code::text, counted.category::text, counted.source, counted.source_id,
        counted.since, counted.until, counted.is_in_grace, counted.store_id, counted.wallet_id, counted.quota::bigint,
        counted.used, CASE WHEN counted.quota IS NOT NULL THEN greatest(counted.quota - counted.used, 0) END::bigint,
        counted.window_from, counted.window_after,
        counted.choice_group_id, counted.group_from, counted.group_after,
        CASE WHEN counted.choice_group_id IS NOT NULL THEN counted.is_chosen END, counted.is_default,
        counted.points_price, counted.member_price, counted.is_automatic,
        CASE WHEN counted.choice_group_id IS NULL OR counted.is_chosen THEN row_number() OVER (
            PARTITION BY
                counted.benefit_id, counted.category, counted.store_id,
                counted.choice_group_id IS NULL OR counted.is_chosen
            ORDER BY
                -- One with something left goes before one without.
                coalesce(counted.quota - counted.used <= 0, false),
                CASE WHEN counted.combine = 'sum' THEN counted.window_after END ASC NULLS LAST,
                counted.quota - counted.used DESC NULLS FIRST, counted.quota DESC NULLS FIRST, counted.points_price,
                counted.member_price, counted.code, counted.source_id
        ) END,
        counted.group_opened, counted.source_tier_id, counted.combine::text, counted.group_paid_after
    FROM counted;
END
$function$;
