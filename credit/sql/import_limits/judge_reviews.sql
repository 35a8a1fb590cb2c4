-- Judge the new rows of a batch (of those lines; NULL: all) that review lines: by the line there is, its version of the
-- day and the offer of its card; what is blank stays. For a preview the number of the version is noted: a line that has
-- another one by the time of the application was changed meanwhile, and its row is left out. `longest` as in
-- judge_grants.sql. A row weighs what its line may owe where the limit is raised, or an invoice of any day could be due
-- later than before (credit/terms/checks.py: is_later; net days do not roll, and what did may have rolled back), or it
-- is reviewed later.
-- Touches staging rows of the batch only.
WITH rows_to_judge AS MATERIALIZED (
    SELECT
        s.line, s.wanted_limit, s.term_days, s.review_on, s.seen, member.id AS member_id, lines.total AS lines,
        line.id AS line_id, line.state, line.closing_on, line.review_on AS line_review_on, line.subscription_id,
        version.number, version."limit" AS line_limit, version.terms AS line_terms,
        coalesce(s.wanted_limit, version."limit") AS new_limit,
        CASE
            WHEN s.term_days IS NULL THEN version.terms
            ELSE jsonb_build_object('kind', 'net_days', 'days', s.term_days)
        END AS terms,
        credit_increases_from(line.id, %(on)s) AS increases, plan.credit_limit_cap,
        (%(longest)s::jsonb ->> card.plan_id::text)::integer AS longest, (offer.said ->> 'limit')::numeric AS offer_limit,
        last_version.number AS last_number
    FROM credit_staged_limit s
    LEFT JOIN memberships_member member ON member.id = left(s.member_number, -1)::bigint
    LEFT JOIN LATERAL (
        SELECT count(*) AS total, min(theirs.line_id) AS line_id
        FROM credit_lines_in_use() AS theirs
        WHERE theirs.member_id = member.id
            AND (s.programme_id IS NULL OR theirs.programme_id = s.programme_id)
    ) AS lines ON true
    LEFT JOIN credit_creditline line ON line.id = lines.line_id
    LEFT JOIN memberships_subscription card ON card.id = line.subscription_id
    LEFT JOIN memberships_plan plan ON plan.id = card.plan_id
    LEFT JOIN LATERAL (
        SELECT policy.offers -> plan.code AS said
        FROM credit_creditpolicy policy
        WHERE policy.programme_id = card.programme_id AND policy.starts_on <= %(on)s
            AND (policy.ends_on IS NULL OR policy.ends_on >= %(on)s)
    ) AS offer ON true
    LEFT JOIN credit_lineversion version ON version.id = (
        SELECT latest.id
        FROM credit_lineversion latest
        WHERE latest.line_id = line.id AND latest.starts_on <= %(on)s
        ORDER BY latest.starts_on DESC, latest.number DESC
        LIMIT 1
    )
    LEFT JOIN LATERAL (
        SELECT max(any_version.number) AS number FROM credit_lineversion any_version WHERE any_version.line_id = line.id
    ) AS last_version ON true
    WHERE s.batch_id = %(batch)s AND s.verdict = 'new'
        AND (%(lines)s::bigint[] IS NULL OR s.line = ANY (%(lines)s::bigint[]))
),
judged AS MATERIALIZED (
    SELECT
        rows_to_judge.*,
        CASE
            WHEN member_id IS NULL THEN 'unknown_member'
            WHEN lines = 0 THEN 'no_credit_line'
            WHEN lines > 1 THEN 'several_lines'
            WHEN NOT %(is_preview)s AND seen <> last_number THEN 'left_out'
            WHEN line_limit = new_limit AND line_terms = terms
                AND (review_on IS NULL OR review_on = line_review_on) THEN 'unchanged'
            WHEN new_limit > line_limit AND (state <> 'active' OR closing_on IS NOT NULL) THEN 'line_not_raised'
            WHEN (new_limit > line_limit OR terms <> line_terms) AND offer_limit IS NULL THEN 'no_credit_card'
            WHEN new_limit > line_limit AND new_limit > offer_limit THEN 'limit_over_cap'
            WHEN new_limit > line_limit AND new_limit + increases > coalesce(credit_limit_cap, offer_limit)
                THEN 'limit_over_cap'
            WHEN terms <> line_terms AND term_days > longest THEN 'term_over_cap'
            WHEN review_on < %(on)s THEN 'past_date'
        END AS finding
    FROM rows_to_judge
),
other_terms AS MATERIALIZED (
    SELECT
        pair.terms, pair.line_terms,
        EXISTS (
            SELECT
            FROM generate_series(0, %(days)s - 1) AS number
            CROSS JOIN LATERAL (SELECT %(first_day)s::date + number AS invoiced_on) AS invoice
            WHERE credit_due_on(pair.terms, invoiced_on) > greatest(
                invoiced_on,
                credit_due_on(pair.line_terms - 'rolling', invoiced_on)
                    - CASE WHEN pair.line_terms ->> 'rolling' IN ('forward', 'backward') THEN %(off_days)s ELSE 0 END
            )
        ) AS are_later
    FROM (SELECT DISTINCT terms, line_terms FROM judged WHERE terms <> line_terms) AS pair
)
UPDATE credit_staged_limit s
SET object_id = judged.line_id, member_id = judged.member_id, subscription_id = judged.subscription_id,
    terms = judged.terms, seen = CASE WHEN %(is_preview)s THEN judged.last_number ELSE coalesce(s.seen, judged.last_number) END,
    weight = CASE
        WHEN judged.new_limit > judged.line_limit OR other_terms.are_later OR judged.review_on > judged.line_review_on
        THEN judged.new_limit + judged.increases ELSE 0 END,
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
            WHEN 'limit_over_cap'
                THEN least(judged.offer_limit, coalesce(judged.credit_limit_cap, judged.offer_limit) - judged.increases)::text
            WHEN 'term_over_cap' THEN judged.longest::text
            WHEN 'past_date' THEN %(on)s::text ELSE ''
        END
    )) END
FROM judged
LEFT JOIN other_terms ON other_terms.terms = judged.terms AND other_terms.line_terms = judged.line_terms
WHERE s.batch_id = %(batch)s AND s.line = judged.line
