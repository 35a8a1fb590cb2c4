-- Judge the new rows of a batch (of those lines; NULL: all) that grant credit: by the member's card that gives credit, its
-- offer of the day, what the firm needs for it, and the line that there may be already. `longest` has the longest term in
-- days by plan (credit/services/line_terms.py). Notes member, card, terms, and what the row is weighed by.
-- Touches staging rows of the batch only.
WITH rows_to_judge AS MATERIALIZED (
    SELECT
        s.line, s.wanted_limit, s.term_days, s.review_on, member.id AS member_id, member.closed_on,
        cards.total AS cards, cards.subscription_id, plan.id AS plan_id, (%(longest)s::jsonb ->> plan.id::text)::integer AS longest,
        (offer.said ->> 'limit')::numeric AS offer_limit, offer.said -> 'minimum_standing' AS needed,
        CASE
            WHEN s.term_days IS NULL THEN offer.said -> 'terms'
            ELSE jsonb_build_object('kind', 'net_days', 'days', s.term_days)
        END AS terms,
        line.line_id, version."limit" AS line_limit, version.terms AS line_terms
    FROM credit_staged_limit s
    LEFT JOIN memberships_member member ON member.id = left(s.member_number, -1)::bigint
    LEFT JOIN LATERAL (
        SELECT count(*) AS total, min(held.subscription_id) AS subscription_id
        FROM (
            SELECT DISTINCT card.programme_id
            FROM memberships_subscription card
            WHERE card.member_id = member.id AND (s.programme_id IS NULL OR card.programme_id = s.programme_id)
        ) AS theirs
        CROSS JOIN LATERAL credit_held_card(member.id, theirs.programme_id, 0, %(on)s) AS held
    ) AS cards ON true
    LEFT JOIN memberships_subscription card ON card.id = cards.subscription_id
    LEFT JOIN memberships_plan plan ON plan.id = card.plan_id
    LEFT JOIN LATERAL (
        SELECT policy.offers -> plan.code AS said
        FROM credit_creditpolicy policy
        WHERE policy.programme_id = card.programme_id AND policy.starts_on <= %(on)s
            AND (policy.ends_on IS NULL OR policy.ends_on >= %(on)s)
    ) AS offer ON true
    LEFT JOIN credit_lines_in_use() AS line ON line.member_id = member.id AND line.programme_id = card.programme_id
    LEFT JOIN credit_lineversion version ON version.id = (
        SELECT latest.id
        FROM credit_lineversion latest
        WHERE latest.line_id = line.line_id AND latest.starts_on <= %(on)s
        ORDER BY latest.starts_on DESC, latest.number DESC
        LIMIT 1
    )
    WHERE s.batch_id = %(batch)s AND s.verdict = 'new'
        AND (%(lines)s::bigint[] IS NULL OR s.line = ANY (%(lines)s::bigint[]))
),
judged AS MATERIALIZED (
    SELECT
        rows_to_judge.*,
        CASE
            WHEN member_id IS NULL THEN 'unknown_member'
            WHEN closed_on <= %(on)s THEN
                CASE WHEN memberships_survivor_of(member_id) IS NULL THEN 'member_closed' ELSE 'member_merged' END
            WHEN cards = 0 THEN 'no_credit_card'
            WHEN cards > 1 THEN 'several_cards'
            WHEN line_limit = wanted_limit AND line_terms = terms THEN 'unchanged'
            WHEN line_id IS NOT NULL THEN 'has_credit_line'
            WHEN wanted_limit > offer_limit THEN 'limit_over_cap'
            WHEN term_days > longest THEN 'term_over_cap'
            WHEN review_on < %(on)s THEN 'past_date'
            WHEN EXISTS (
                SELECT FROM credit_standing(subscription_id, coalesce(needed, '{}'), %(on)s) AS fact WHERE NOT fact.is_met
            ) THEN 'standing_not_reached'
        END AS finding
    FROM rows_to_judge
)
UPDATE credit_staged_limit s
SET object_id = judged.line_id, member_id = judged.member_id, subscription_id = judged.subscription_id,
    terms = judged.terms, weight = judged.wanted_limit,
    verdict = CASE WHEN judged.finding = 'unchanged' THEN 'unchanged' WHEN judged.finding IS NULL THEN 'new' ELSE 'invalid' END,
    faults = CASE WHEN judged.finding <> 'unchanged' THEN jsonb_build_array(jsonb_build_object(
        'column', CASE judged.finding
            WHEN 'limit_over_cap' THEN %(limit_column)s::text WHEN 'term_over_cap' THEN %(term_column)s::text
            WHEN 'past_date' THEN %(review_column)s::text ELSE %(member_column)s::text
        END,
        'value', CASE judged.finding
            WHEN 'limit_over_cap' THEN s.wanted_limit::text WHEN 'term_over_cap' THEN s.term_days::text
            WHEN 'past_date' THEN s.review_on::text ELSE s.member_number
        END,
        'code', CASE WHEN judged.finding IN ('limit_over_cap', 'term_over_cap') THEN 'over_cap' ELSE judged.finding END,
        'expected', CASE judged.finding
            WHEN 'member_closed' THEN judged.closed_on::text
            WHEN 'member_merged' THEN memberships_number_of(memberships_survivor_of(judged.member_id))
            WHEN 'limit_over_cap' THEN judged.offer_limit::text
            WHEN 'term_over_cap' THEN judged.longest::text WHEN 'past_date' THEN %(on)s::text
            WHEN 'has_credit_line' THEN judged.line_limit::text ELSE ''
        END
    )) END
FROM judged
WHERE s.batch_id = %(batch)s AND s.line = judged.line
