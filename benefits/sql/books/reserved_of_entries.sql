-- Budgets of which something else is reserved than their entries add up to.
SELECT budget.id, NULL, coalesce(booked.amount, 0), budget.reserved
FROM benefits_budget budget
LEFT JOIN (
    SELECT budget_id, sum(amount) AS amount
    FROM benefits_budgetentry
    WHERE kind IN ('reserve', 'release') AND budget_id BETWEEN %(first)s AND %(last)s
    GROUP BY budget_id
) AS booked ON booked.budget_id = budget.id
WHERE budget.id BETWEEN %(first)s AND %(last)s AND budget.reserved <> coalesce(booked.amount, 0)
ORDER BY budget.id
