-- What was spent of a budget on each day up to `last`: draws, and what came back counted on the day it came back. Reads
-- the index of the budget's days only, no row of the ledger.
SELECT entry."on", sum(entry.amount)
FROM benefits_budgetentry entry
WHERE entry.budget_id = %(budget)s AND entry."on" <= %(last)s AND entry.kind IN ('draw', 'return')
GROUP BY entry."on"
