-- Draws and returns of budgets that are not, in amount and sign, the cost of the use that their key names, or what a benefit
-- took off an order, or that name none.
SELECT entry.id, coalesce(redemption.member_id, saving.member_id),
    coalesce((
        CASE entry.kind WHEN 'draw' THEN coalesce(redemption.cost, saving.amount) ELSE -redemption.cost END
    )::text, ''),
    entry.amount
FROM benefits_budgetentry entry
LEFT JOIN benefits_redemption redemption
    ON redemption.id = substring(entry.key FROM '^(?:redemption|return):([0-9]{1,18})$')::bigint
        AND entry.key = CASE entry.kind WHEN 'draw' THEN 'redemption:' ELSE 'return:' END || redemption.id
LEFT JOIN benefits_ordersaving saving
    ON saving.id = substring(entry.key FROM '^saving:([0-9]{1,18})$')::bigint AND entry.kind = 'draw'
WHERE entry.id BETWEEN %(first)s AND %(last)s AND entry.kind IN ('draw', 'return')
    AND entry.amount IS DISTINCT FROM
        CASE entry.kind WHEN 'draw' THEN coalesce(redemption.cost, saving.amount) ELSE -redemption.cost END
ORDER BY entry.id
