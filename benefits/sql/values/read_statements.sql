-- A member's statements of a programme by a day (statements.sql says what a row is), the latest first. Reads only.
SELECT
    member_id, starts_on, nullif(ends_on, 'infinity'), term_id, plan_id, term_until, fee, uses, unpriced, reference,
    paid, saved, cost, break_even_on
FROM benefits_value_statements(%(programme)s, %(member)s, %(member)s, %(day)s)
ORDER BY starts_on DESC, term_id IS NULL
