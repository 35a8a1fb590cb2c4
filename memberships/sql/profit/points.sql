-- What points cost a programme by month, of members of a range: (line, funder, month, amount, things of unknown amount).
--
-- points_issued     given (earned, pending awards included, and by hand), less what was taken back, at a point's cost
-- points_breakage   expired, less what was given again: the cost of these will never come
-- points_redeemed   spent, less what came back: told only, since their cost was counted when they were issued
--
-- A point costs what the programme's policy said on the day of its entry (point_costs.sql). The accounts are those of
-- the ledger's own equation (books/issued_of_programme.sql): what is issued and neither spent nor expired is owed.
-- Months from that of first_day on, through last_day. Reads only.
WITH moved AS (
    SELECT entry."on",
        sum(CASE WHEN entry.debit IN ('issued', 'adjustment') THEN abs(entry.points)
            WHEN entry.credit IN ('issued', 'adjustment') THEN -abs(entry.points) END) AS issued,
        sum(-entry.points) FILTER (WHERE 'breakage' IN (entry.debit, entry.credit)) AS expired,
        sum(-entry.points) FILTER (WHERE 'redeemed' IN (entry.debit, entry.credit)) AS spent
    FROM memberships_pointsentry entry
    JOIN memberships_enrolment wallet ON wallet.id = entry.enrolment_id
    WHERE wallet.programme_id = %(programme)s AND wallet.member_id BETWEEN %(first)s AND %(last)s
        AND entry.member_id BETWEEN %(first)s AND %(last)s AND entry.kind <> 'post'
        AND entry."on" BETWEEN %(first_day)s AND %(last_day)s
    GROUP BY entry."on"
)
SELECT told.line, 'platform', date_trunc('month', moved."on")::date, sum(told.points * price.unit_cost), 0
FROM moved
JOIN memberships_point_costs(%(programme)s) AS price ON moved."on" BETWEEN price.starts_on AND price.ends_on
CROSS JOIN LATERAL (
    VALUES ('points_issued', moved.issued), ('points_breakage', moved.expired), ('points_redeemed', moved.spent)
) AS told (line, points)
WHERE told.points <> 0
GROUP BY 1, 3
