-- How many members of a range hold each benefit on a day: a card, tier or wallet of theirs has a rule for it, and region
-- and segment are theirs. Of a choice group, whoever may choose the option. Tiers are those of now. The benefit NULL
-- counts all members of the programme: with a card that is paid for or in grace, or a wallet. Each member counts once.
-- Returns (programme, benefit, members). Reads only.
--
-- What a member has a right by is a few words ("c:1:annual": a card of programme 1; "t:7": on that tier; "w:1": a wallet).
-- Few sets of words are there, however many members: members are counted by theirs, and only the sets meet the rules.
WITH rule AS MATERIALIZED (
    SELECT benefit.programme_id, benefit.id AS benefit_id, rule.plan_code, rule.tier_id, rule.and_above, rule.segment,
        rule.region, tier.group_id AS tier_group_id, tier.rank AS tier_rank
    FROM benefits_benefitrule rule
    JOIN benefits_benefit benefit ON benefit.id = rule.benefit_id
        AND (benefit.retired_on IS NULL OR benefit.retired_on > %(on)s)
    LEFT JOIN memberships_tier tier ON tier.id = rule.tier_id
    LEFT JOIN benefits_choicegroup choice_group ON choice_group.id = rule.choice_group_id
    WHERE rule.starts_on <= %(on)s AND (rule.ends_on IS NULL OR rule.ends_on >= %(on)s)
        AND (choice_group.retired_on IS NULL OR choice_group.retired_on > %(on)s)
), ruled AS MATERIALIZED (
    SELECT 'c:' || programme_id || ':' || plan_code AS word, programme_id, benefit_id, segment, region
    FROM rule
    WHERE plan_code <> ''
    UNION
    SELECT 't:' || tier.id, rule.programme_id, rule.benefit_id, rule.segment, rule.region
    FROM rule
    JOIN memberships_tier tier ON rule.tier_id = tier.id
        OR rule.and_above AND rule.tier_group_id = tier.group_id AND rule.tier_rank <= tier.rank
    UNION
    SELECT 'w:' || programme_id, programme_id, benefit_id, segment, region
    FROM rule
    WHERE plan_code = '' AND tier_id IS NULL
), said AS (
    SELECT card.member_id, 'c:' || card.programme_id || ':' || plan.code AS word
    FROM memberships_subscription card
    JOIN memberships_plan card_plan ON card_plan.id = card.plan_id
    JOIN memberships_term term ON term.member_id = card.member_id AND term.subscription_id = card.id
        AND term.starts_on <= %(on)s AND (term.ends_on >= %(on)s OR term.ends_on = card.paid_until)
    JOIN memberships_plan plan ON plan.id = term.plan_id
    WHERE card.member_id BETWEEN %(first)s AND %(last)s AND term.member_id BETWEEN %(first)s AND %(last)s
        AND card.started_on <= %(on)s AND (card.ended_on IS NULL OR card.ended_on >= %(on)s)
        AND card.paid_until + card_plan.grace_days >= %(on)s
    UNION ALL
    SELECT standing.member_id, 't:' || standing.tier_id
    FROM memberships_tierstanding standing
    WHERE standing.member_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT member_id, 'w:' || programme_id
    FROM memberships_enrolment
    WHERE member_id BETWEEN %(first)s AND %(last)s AND enrolled_on <= %(on)s
), holder AS (
    SELECT member_id, array_agg(DISTINCT word) AS words
    FROM said
    GROUP BY member_id
), belonging AS (
    SELECT member_id, array_agg(DISTINCT segment::text) AS segments
    FROM benefits_membersegment
    WHERE member_id BETWEEN %(first)s AND %(last)s AND since <= %(on)s AND (until IS NULL OR until >= %(on)s)
        AND segment IN (SELECT segment FROM rule)
    GROUP BY member_id
), crowd AS MATERIALIZED (
    SELECT row_number() OVER () AS number, words, segments, region, count(*) AS members
    FROM (
        SELECT holder.words, belonging.segments,
            CASE WHEN holder.words && (SELECT array_agg(word) FROM ruled WHERE region <> '')
                THEN benefits_region_on(holder.member_id, %(on)s) END AS region
        FROM holder
        JOIN memberships_member owner ON owner.id = holder.member_id
            AND (owner.closed_on IS NULL OR owner.closed_on > %(on)s)
        LEFT JOIN belonging ON belonging.member_id = holder.member_id
    ) AS asked
    GROUP BY words, segments, region
)
SELECT programme_id, benefit_id, sum(members)::bigint
FROM (
    SELECT crowd.number, ruled.programme_id, ruled.benefit_id, crowd.members
    FROM crowd
    JOIN ruled ON ruled.word = ANY (crowd.words) AND ruled.region IN ('', crowd.region)
        AND (ruled.segment = '' OR ruled.segment = ANY (crowd.segments))
    UNION
    SELECT crowd.number, split_part(word, ':', 2)::bigint, NULL, crowd.members
    FROM crowd, unnest(crowd.words) AS word
    WHERE word NOT LIKE 't:%%'
) AS held
GROUP BY 1, 2
