-- What the lines of the batch that are raised, or get other terms, may owe afterwards, together. Reads only.
SELECT coalesce(sum(weight), 0) FROM credit_staged_limit WHERE batch_id = %(batch)s AND verdict = 'new'
