-- Grant what the new rows of these lines of the file say, as services/decisions.py does for one: the firm's open request,
-- or a new one, is granted, its card gets a line with a first version, and the decision names both.
-- Members are locked already. Writes requests, lines, versions and decisions; the rows are noted right after, in the same
-- transaction, so that it does not run twice for one of them.
WITH rows_to_grant AS MATERIALIZED (
    SELECT
        s.line, s.member_id, s.subscription_id, card.programme_id, plan.code AS plan_code, s.wanted_limit, s.term_days, s.terms,
        s.review_on, s.reason, request.id AS request_id, offer.said AS offer,
        coalesce(request."limit", s.wanted_limit) AS asked_limit, coalesce(request.requested_on, %(on)s) AS asked_on,
        CASE WHEN request.id IS NULL THEN s.term_days ELSE request.term_days END AS asked_days
    FROM credit_staged_limit s
    JOIN memberships_subscription card ON card.id = s.subscription_id
    JOIN memberships_plan plan ON plan.id = card.plan_id
    JOIN LATERAL (
        SELECT policy.offers -> plan.code AS said
        FROM credit_creditpolicy policy
        WHERE policy.programme_id = card.programme_id AND policy.starts_on <= %(on)s
            AND (policy.ends_on IS NULL OR policy.ends_on >= %(on)s)
    ) AS offer ON true
    LEFT JOIN memberships_creditrequest request ON request.member_id = s.member_id AND request.state = 'open'
    WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s) AND s.verdict = 'new'
),
evidence AS MATERIALIZED (
    SELECT
        rows_to_grant.line,
        jsonb_build_object(
            'requested', jsonb_build_object(
                'limit', trim_scale(asked_limit)::text, 'term_days', asked_days, 'on', asked_on
            ),
            'standing', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'fact', fact.fact, 'wanted', trim_scale(fact.wanted)::text, 'found', trim_scale(fact.found)::text,
                    'is_met', fact.is_met
                )), '[]')
                FROM credit_standing(subscription_id, coalesce(offer -> 'minimum_standing', '{}'), %(on)s) AS fact
            ),
            'card', jsonb_build_object('subscription', subscription_id, 'plan', plan_code),
            'offer', jsonb_build_object('limit', offer ->> 'limit', 'terms', offer -> 'terms'),
            'import', %(batch)s
        ) AS facts
    FROM rows_to_grant
),
taken AS (
    UPDATE memberships_creditrequest request
    SET state = 'granted'
    FROM rows_to_grant
    WHERE request.id = rows_to_grant.request_id
    RETURNING request.id, request.member_id
),
made AS (
    INSERT INTO memberships_creditrequest (member_id, state, "limit", term_days, requested_on)
    SELECT member_id, 'granted', wanted_limit, term_days, %(on)s
    FROM rows_to_grant
    WHERE request_id IS NULL
    RETURNING id, member_id
),
opened AS (
    INSERT INTO credit_creditline (member_id, programme_id, subscription_id, opened_on, suspension_reason, review_on)
    SELECT member_id, programme_id, subscription_id, %(on)s, '', review_on
    FROM rows_to_grant
    RETURNING id, member_id, programme_id
),
version AS (
    INSERT INTO credit_lineversion
        (line_id, member_id, number, "limit", terms, starts_on, evidence, maker_id, checker_id, approval_id, reason, at)
    SELECT
        opened.id, opened.member_id, 1, wanted.wanted_limit, wanted.terms, %(on)s, evidence.facts, %(maker)s, %(checker)s,
        %(approval)s, wanted.reason, %(at)s
    FROM rows_to_grant wanted
    JOIN evidence ON evidence.line = wanted.line
    JOIN opened ON opened.member_id = wanted.member_id AND opened.programme_id = wanted.programme_id
    RETURNING id, member_id, line_id
)
INSERT INTO credit_creditdecision
    (request_id, member_id, outcome, version_id, evidence, "on", maker_id, checker_id, approval_id, reason, at)
SELECT
    request.id, wanted.member_id, 'granted', version.id, evidence.facts, %(on)s, %(maker)s, %(checker)s, %(approval)s,
    wanted.reason, %(at)s
FROM rows_to_grant wanted
JOIN evidence ON evidence.line = wanted.line
JOIN (SELECT * FROM taken UNION ALL SELECT * FROM made) AS request ON request.member_id = wanted.member_id
JOIN version ON version.member_id = wanted.member_id
