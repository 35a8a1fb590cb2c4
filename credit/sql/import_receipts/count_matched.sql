-- How many of the new rows of a batch each rule found the owner of ('' for none), and of how much. Reads only.
SELECT coalesce(rule, ''), count(*), sum(amount)
FROM credit_staged_receipt
WHERE batch_id = %(batch)s AND verdict = 'new'
GROUP BY 1
ORDER BY 1
