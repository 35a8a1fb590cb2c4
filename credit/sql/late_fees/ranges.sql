-- Ranges of ids with %(size)s lines each of programmes that charge late fees, on %(on)s or in the month before.
SELECT min(id), max(id), count(*)
FROM (
    SELECT line.id, (row_number() OVER (ORDER BY line.id) - 1) / %(size)s AS block
    FROM credit_creditline line
    WHERE line.state <> 'closed' AND line.programme_id IN (
        SELECT programme_id FROM credit_creditpolicy WHERE jsonb_typeof(late_fee) = 'object' AND starts_on < %(on)s
    )
) AS line
GROUP BY block
ORDER BY block
