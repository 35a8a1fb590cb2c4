-- Entries of budgets that are not, in amount and sign, the cost of the use that their key names, or that name none.
SELECT entry.id, redemption.member_id,
    coalesce((CASE entry.kind WHEN 'draw' THEN redemption.cost ELSE -redemption.cost END)::text, ''), entry.amount
FROM benefits_budgetentry entry
LEFT JOIN benefits_redemption redemption
    ON redemption.id = substring(entry.key FROM '^(?:redemption|return):([0-9]{1,18})$')::bigint
        AND entry.key = CASE entry.kind WHEN 'draw' THEN 'redemption:' ELSE 'return:' END || redemption.id
WHERE entry.id BETWEEN %(first)s AND %(last)s
    AND entry.amount IS DISTINCT FROM CASE entry.kind WHEN 'draw' THEN redemption.cost ELSE -redemption.cost END
ORDER BY entry.id
