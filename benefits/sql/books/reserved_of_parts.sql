-- Budgets of which something else is reserved than the campaigns' budgets that are parts of them come to.
SELECT budget.id, NULL, coalesce(parts.amount, 0), budget.reserved
FROM benefits_budget budget
LEFT JOIN (
    SELECT part_of_id, sum(amount) AS amount
    FROM benefits_budget
    WHERE part_of_id BETWEEN %(first)s AND %(last)s
    GROUP BY part_of_id
) AS parts ON parts.part_of_id = budget.id
WHERE budget.id BETWEEN %(first)s AND %(last)s AND budget.reserved <> coalesce(parts.amount, 0)
ORDER BY budget.id
