-- Draws on a budget whose use was taken back without the cost, or whose cost came back without the use.
SELECT entry.id, redemption.member_id, redemption.state,
    CASE WHEN back.id IS NULL THEN 'done' ELSE 'returned' END
FROM benefits_budgetentry entry
JOIN benefits_redemption redemption
    ON redemption.id = substring(entry.key FROM '^redemption:([0-9]{1,18})$')::bigint
LEFT JOIN benefits_budgetentry back ON back.budget_id = entry.budget_id AND back.key = 'return:' || redemption.id
WHERE entry.id BETWEEN %(first)s AND %(last)s AND entry.kind = 'draw'
    AND (redemption.state = 'returned') <> (back.id IS NOT NULL)
ORDER BY entry.id
