-- Take up to %(most)s open payments of a range of ids about which it is time to ask; nobody else asks about them for a
-- while. Returns what to ask of whom, and whether the charge is still wanted on the business date `today`. Rows that
-- somebody writes an answer to at this moment are left alone, so that this waits for nobody. What is put off by more
-- than five minutes was dated by a clock that was ahead: it is time. Of an approved dry run, only payments that it lists
-- and that are as it saw them, whether or not it is time. May run twice: it only asks.
WITH asked AS (
    UPDATE memberships_payment p
    SET next_ask_at = %(at)s::timestamptz + %(patience)s
    WHERE id IN (
        SELECT id
        FROM memberships_payment
        WHERE state IN ('requested', 'unknown') AND id BETWEEN %(first)s AND %(last)s
            AND CASE
                WHEN %(approved)s::bigint IS NULL THEN
                    next_ask_at <= %(at)s OR next_ask_at > %(at)s::timestamptz + interval '5 minutes'
                ELSE EXISTS (
                    SELECT FROM operations_runitem item
                    WHERE item.run_id = %(approved)s AND item.key = memberships_payment.id
                        AND item.seen = hashtextextended(concat_ws('|', state, attempt), 0)
                )
            END
        ORDER BY next_ask_at, id
        LIMIT %(most)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING p.id, p.plan_id, p.method_id, p.attempt, p.amount, p.starts_on, p.ends_on
)
SELECT
    asked.id, asked.attempt, method.gateway, method.token, asked.amount,
    plan.name || ' ' || asked.starts_on || ' – ' || asked.ends_on,
    memberships_payment_still_wanted(asked.id, %(today)s)
FROM asked
JOIN memberships_paymentmethod method ON method.id = asked.method_id
JOIN memberships_plan plan ON plan.id = asked.plan_id
