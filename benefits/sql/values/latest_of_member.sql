-- The latest statement of a member in each programme in which they have a card or a wallet, as of a day: what
-- read_statements.sql says, of one row each. Reads only.
SELECT
    programme.id, latest.member_id, latest.starts_on, nullif(latest.ends_on, 'infinity'), latest.term_id,
    latest.plan_id, latest.term_until, latest.fee, latest.uses, latest.unpriced, latest.reference, latest.paid,
    latest.saved, latest.cost, latest.break_even_on
FROM memberships_programme programme
CROSS JOIN LATERAL (
    SELECT *
    FROM benefits_value_statements(programme.id, %(member)s, %(member)s, %(day)s)
    ORDER BY starts_on DESC, term_id IS NULL
    LIMIT 1
) AS latest
WHERE programme.id IN (SELECT programme_id FROM memberships_subscription WHERE member_id = %(member)s)
    OR programme.id IN (SELECT programme_id FROM memberships_enrolment WHERE member_id = %(member)s)
ORDER BY programme.id
