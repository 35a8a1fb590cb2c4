-- Keep the statements of members of a range of ids in a programme by a day (statements.sql): what is there already is
-- written anew where it differs, what has no statement any more (its term was taken off by a refund) goes. A night that
-- is made up for late leaves what a later day's night kept. Touches
-- benefits_valuestatement only, in the order of members; who writes other rows of it works on other members. May run
-- twice: the second time nothing differs.
WITH found AS MATERIALIZED (
    SELECT * FROM benefits_value_statements(%(programme)s, %(first)s, %(last)s, %(day)s)
), gone AS (
    DELETE FROM benefits_valuestatement kept
    WHERE kept.programme_id = %(programme)s AND kept.member_id BETWEEN %(first)s AND %(last)s
        AND kept.as_of <= %(day)s
        AND NOT EXISTS (
            SELECT FROM found WHERE found.member_id = kept.member_id AND found.starts_on = kept.starts_on
        )
)
INSERT INTO benefits_valuestatement AS kept (
    member_id, programme_id, plan_id, starts_on, term_until, as_of, fee, uses, unpriced, reference, paid, saved, cost,
    break_even_on
)
SELECT member_id, %(programme)s, plan_id, starts_on, term_until, %(day)s, fee, uses, unpriced, reference, paid, saved,
    cost, break_even_on
FROM found
ORDER BY member_id, starts_on
ON CONFLICT (member_id, programme_id, starts_on) DO UPDATE SET
    plan_id = excluded.plan_id, term_until = excluded.term_until, as_of = excluded.as_of, fee = excluded.fee,
    uses = excluded.uses, unpriced = excluded.unpriced, reference = excluded.reference, paid = excluded.paid,
    saved = excluded.saved, cost = excluded.cost, break_even_on = excluded.break_even_on
-- The day moves only with the figures, for as long as the term runs: what is over is not written every month.
WHERE kept.as_of <= excluded.as_of AND ((
    kept.plan_id, kept.term_until, kept.fee, kept.uses, kept.unpriced, kept.reference, kept.paid, kept.saved,
    kept.cost, kept.break_even_on
) IS DISTINCT FROM (
    excluded.plan_id, excluded.term_until, excluded.fee, excluded.uses, excluded.unpriced, excluded.reference,
    excluded.paid, excluded.saved, excluded.cost, excluded.break_even_on
) OR kept.as_of < least(excluded.as_of, coalesce(excluded.term_until, kept.starts_on + 366)))
