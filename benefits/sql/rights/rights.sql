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
    is_default boolean, points_price bigint, member_price numeric, is_automatic boolean, place bigint
)
LANGUAGE plpgsql STABLE AS $function$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH home AS (
        SELECT coalesce(asked_region, (SELECT province FROM memberships_enterprisecustomer WHERE member_id = member))
            AS region
    ), matching AS MATERIALIZED (
        SELECT benefit.combine, rule.*, origin.source, origin.source_id, origin.since,
            origin.until, origin.is_in_grace, origin.store_id, origin.wallet_id, origin.term_from, origin.term_after,
            -- A card in grace begins no new window of its own: it goes on in the last one that was paid for.
            CASE WHEN origin.is_in_grace THEN origin.term_after - 1 ELSE day END AS card_day
        FROM benefits_sources(member, day) AS origin
        JOIN benefits_benefit benefit ON benefit.programme_id = origin.programme_id
            AND (wanted IS NULL OR benefit.id = wanted) AND (benefit.retired_on IS NULL OR benefit.retired_on > day)
        JOIN benefits_benefitrule rule ON rule.benefit_id = benefit.id
            AND rule.starts_on <= day AND (rule.ends_on IS NULL OR rule.ends_on >= day)
            AND CASE origin.source
                WHEN 'plan' THEN rule.plan_code = origin.plan_code
                WHEN 'tier' THEN rule.tier_id = origin.tier_id OR (rule.and_above AND EXISTS (
                    SELECT FROM memberships_tier lower
                    WHERE lower.id = rule.tier_id AND lower.group_id = origin.tier_group_id
                        AND lower.rank <= origin.tier_rank
                ))
                ELSE rule.plan_code = '' AND rule.tier_id IS NULL
            END
        WHERE (rule.region = '' OR rule.region = (SELECT region FROM home))
            AND (rule.segment = '' OR EXISTS (
                SELECT FROM benefits_membersegment belongs
                WHERE belongs.member_id = member AND belongs.segment = rule.segment AND belongs.since <= day
                    AND (belongs.until IS NULL OR belongs.until >= day)
            ))
    ), asked AS (
        SELECT matching.*
        FROM matching
        -- A category that has rules of its own goes by those.
        WHERE asked_category IS NULL OR matching.category = CASE WHEN EXISTS (
            SELECT FROM matching own
            WHERE own.benefit_id = matching.benefit_id AND own.category = asked_category
                AND own.store_id IS NOT DISTINCT FROM matching.store_id
        ) THEN asked_category ELSE '' END
    ), counted AS (
        SELECT asked.*, span.first AS window_from, span.after AS window_after, choosing.first AS group_from,
            choosing.after AS group_after, picked.is_chosen, picked.is_default, uses.used
        FROM asked
        CROSS JOIN LATERAL benefits_window(
            asked."window", asked.basis, asked.since, CASE asked.basis WHEN 'calendar' THEN day ELSE card_day END,
            asked.term_from, asked.term_after
        ) AS paid
        CROSS JOIN LATERAL (
            SELECT paid.first, CASE WHEN paid.after <= day THEN asked.until + 1 ELSE paid.after END AS after
        ) AS span
        LEFT JOIN LATERAL (
            SELECT part.first, CASE WHEN part.after <= day THEN asked.until + 1 ELSE part.after END AS after
            FROM benefits_choicegroup choice_group
            CROSS JOIN LATERAL benefits_window(
                choice_group."window", choice_group.basis, asked.since,
                CASE choice_group.basis WHEN 'calendar' THEN day ELSE card_day END, asked.term_from, asked.term_after
            ) AS part
            WHERE choice_group.id = asked.choice_group_id
        ) AS choosing ON true
        LEFT JOIN LATERAL (
            SELECT true AS is_chosen, chosen.choice_id IS NULL AS is_default
            FROM benefits_chosen(member, asked.choice_group_id, choosing.first, day) AS chosen
            WHERE asked.choice_group_id IS NOT NULL AND chosen.benefit_id = asked.benefit_id
        ) AS picked ON true
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(redemption.quantity), 0) AS used
            FROM benefits_redemption redemption
            WHERE redemption.member_id = member AND redemption.benefit_id = asked.benefit_id
                AND redemption.state = 'done' AND redemption.category = asked.category
                AND redemption."on" >= span.first AND (span.after IS NULL OR redemption."on" < span.after)
                AND (asked.store_id IS NULL OR redemption.enrolment_id = asked.store_id)
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
        CASE WHEN counted.choice_group_id IS NOT NULL THEN coalesce(counted.is_chosen, false) END,
        coalesce(counted.is_default, false), counted.points_price, counted.member_price, counted.is_automatic,
        CASE WHEN counted.choice_group_id IS NULL OR counted.is_chosen THEN row_number() OVER (
            PARTITION BY
                counted.benefit_id, counted.category, counted.store_id,
                counted.choice_group_id IS NULL OR coalesce(counted.is_chosen, false)
            ORDER BY
                -- One with something left goes before one without.
                coalesce(counted.quota - counted.used <= 0, false),
                CASE WHEN counted.combine = 'sum' THEN counted.window_after END ASC NULLS LAST,
                counted.quota - counted.used DESC NULLS FIRST, counted.quota DESC NULLS FIRST, counted.points_price,
                counted.member_price, counted.code, counted.source_id
        ) END
    FROM counted;
END
$function$;
