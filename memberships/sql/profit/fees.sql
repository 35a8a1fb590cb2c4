-- Fees of a programme by month, of members of a range: (line, funder, month, amount, things of unknown amount).
--
-- fees_earned       what payments earned in the month: (paid - refunded) spread over the days that were paid for
-- fees_listed       the same of terms that no payment is behind (brought by a list), by their plan's price; terms that
--                   went with a merge are told of the card that they were of
-- deferred_revenue  what was paid, and not given back, and is not earned at the month's end
--
-- A fee is earned by day, and nothing before it was paid: what a payment has earned by a day is its amount, less what
-- was refunded by then, times days gone by / days paid for, rounded half up to the fen; from its last day on, or from
-- the day on which a refund ended the card, all that was kept. A month is the difference of two such days, so that the
-- months of a payment come to what was kept of it, to the fen, and a refund changes the month in which it is made.
-- Months from that of first_day on, through last_day. Reads only.
WITH fee AS (
    SELECT 'fees_earned' AS line, payment.id AS payment_id, payment.amount, payment.refunded > 0 AS is_refunded,
        payment.starts_on, payment.ends_on, told."on" AS known_on,
        least(payment.ends_on, ended.ended_on) AS earned_by, ended.refunded_last
    FROM memberships_payment payment
    JOIN memberships_paymentevent told ON told.member_id = payment.member_id AND told.payment_id = payment.id
        AND told.kind = 'succeeded'
    -- Payment by payment, of those few that were refunded.
    CROSS JOIN LATERAL (
        SELECT min(back."on") FILTER (WHERE given.ends_card) AS ended_on, max(back."on") AS refunded_last
        FROM memberships_refund given
        JOIN memberships_paymentevent back ON back.payment_id = given.payment_id AND back.member_id = given.member_id
            AND back.kind = 'refunded' AND back.attempt = given.number
        WHERE payment.refunded > 0 AND given.payment_id = payment.id AND given.state = 'succeeded'
    ) AS ended
    WHERE payment.programme_id = %(programme)s AND payment.state = 'succeeded'
        AND payment.member_id BETWEEN %(first)s AND %(last)s
        AND told.member_id BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT 'fees_listed', NULL, plan.price, false, term.starts_on, term.ends_on, term.starts_on, term.ends_on, NULL
    FROM memberships_term term
    JOIN memberships_plan plan ON plan.id = term.plan_id
    WHERE term.programme_id = %(programme)s AND term.member_id BETWEEN %(first)s AND %(last)s
        AND NOT EXISTS (
            SELECT FROM memberships_payment payment
            WHERE payment.term_id = term.id AND payment.state = 'succeeded'
        )
        AND NOT EXISTS (
            SELECT FROM memberships_mergedcard moved
            WHERE moved.card_id = term.subscription_id AND term.number <= moved.terms
        )
), month AS (
    SELECT fee.*, begins::date AS month,
        least((begins + interval '1 month')::date - 1, %(last_day)s::date) AS until
    FROM fee
    CROSS JOIN LATERAL generate_series(
        greatest(%(first_day)s::timestamp, date_trunc('month', fee.known_on)),
        least(%(last_day)s::timestamp, greatest(fee.earned_by, fee.known_on, fee.refunded_last)::timestamp),
        interval '1 month'
    ) AS begins
), day AS (
    SELECT month.line, month.month, month.amount, edge.place, month.starts_on, month.ends_on, month.earned_by,
        month.known_on, edge.day, coalesce(given.back, 0) AS back
    FROM month
    CROSS JOIN LATERAL (VALUES (1, month.until), (-1, month.month - 1)) AS edge (place, day)
    LEFT JOIN LATERAL (
        SELECT sum(told.amount) AS back
        FROM memberships_paymentevent told
        WHERE month.is_refunded AND told.payment_id = month.payment_id AND told.kind = 'refunded'
            AND told."on" <= edge.day
    ) AS given ON true
), earned AS (
    SELECT line, month, place, amount - back AS kept, CASE
            WHEN day >= earned_by THEN amount - back
            WHEN day < starts_on THEN 0
            ELSE round((amount - back) * (day - starts_on + 1) / (ends_on - starts_on + 1), 2)
        END AS earned
    FROM day
    WHERE day >= known_on
)
SELECT line, 'platform', month, sum(place * earned), 0
FROM earned
GROUP BY line, month
UNION ALL
SELECT 'deferred_revenue', 'platform', month, sum(kept - earned), 0
FROM earned
WHERE line = 'fees_earned' AND place = 1
GROUP BY month
