-- Allocations and write-offs of which more was taken back than there was.
SELECT entry.id, entry.member_id, entry.amount, sum(reversal.amount)
FROM credit_creditentry entry
JOIN credit_creditentry reversal ON reversal.reverses_id = entry.id
WHERE entry.id BETWEEN %(first)s AND %(last)s
GROUP BY entry.id
HAVING sum(reversal.amount) > entry.amount
ORDER BY entry.id
