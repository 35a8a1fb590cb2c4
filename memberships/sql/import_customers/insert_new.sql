-- Write the new customers of the range: firm, member, contact, pending subscription, credit request, and the
-- ImportRow that says which line made which customer. Keys are drawn beforehand, in the file's order, so that one
-- statement writes all tables and members are numbered as their lines stand. The firm comes first and claims its credit
-- code and external id, in the codes' order: who claims the same at the same time waits, and whoever comes second is
-- named and left out. (The firm's reference to its member is checked at the end of the transaction.)
WITH incoming AS MATERIALIZED (
    SELECT listed.*, nextval('memberships_member_id_seq'::regclass) AS member_id
    FROM (
        SELECT s.*, plan.programme_id
        FROM memberships_staged_enterprise_customer s
        JOIN memberships_plan plan ON plan.id = s.plan_id
        LEFT JOIN operations_importrow done ON done.batch_id = s.batch_id AND done.line = s.line
        WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'new'
            AND done.line IS NULL
        ORDER BY s.line
    ) listed
),
claimed AS (
    INSERT INTO memberships_enterprisecustomer
        (member_id, legal_name, credit_code, external_id, province, city, industry, size, flags, remarks)
    SELECT
        member_id, legal_name, credit_code, external_id, coalesce(province, ''), coalesce(city, ''),
        coalesce(industry, ''), coalesce(size, ''), coalesce(flags, '{}'), coalesce(remarks, '')
    FROM incoming
    ORDER BY credit_code
    ON CONFLICT DO NOTHING
    RETURNING member_id
),
members AS (
    INSERT INTO memberships_member (id, kind, joined_on)
    SELECT member_id, 'enterprise', %(on)s FROM claimed
),
contacts AS (
    INSERT INTO memberships_membercontact (member_id, is_primary, name, mobile, email)
    SELECT member_id, true, coalesce(contact_name, ''), coalesce(mobile, ''), coalesce(email, '')
    FROM incoming JOIN claimed USING (member_id)
    WHERE coalesce(contact_name, mobile, email) IS NOT NULL
),
subscriptions AS (
    INSERT INTO memberships_subscription (member_id, programme_id, plan_id, requested_on)
    SELECT member_id, programme_id, plan_id, %(on)s FROM incoming JOIN claimed USING (member_id)
),
requests AS (
    INSERT INTO memberships_creditrequest (member_id, state, "limit", term_days, requested_on)
    SELECT member_id, 'open', requested_limit, requested_term_days, %(on)s
    FROM incoming JOIN claimed USING (member_id)
    WHERE requested_limit IS NOT NULL OR requested_term_days IS NOT NULL
)
INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label)
SELECT
    batch_id, line, verdict, CASE WHEN claimed.member_id IS NULL THEN 'left_out' ELSE 'applied' END,
    claimed.member_id, legal_name
FROM incoming LEFT JOIN claimed USING (member_id)
