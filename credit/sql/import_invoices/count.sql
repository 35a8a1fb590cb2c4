-- How many new rows a batch has, of how many credit lines, and of how much. Reads only.
SELECT count(*), count(DISTINCT credit_line_id), coalesce(sum(amount), 0)
FROM credit_staged_invoice
WHERE batch_id = %(batch)s AND verdict = 'new'
