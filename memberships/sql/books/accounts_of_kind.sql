-- Entries that stand on other accounts than those of their kind; a reversal stands on those of what it reverses, turned.
SELECT
    entry.id, entry.member_id, coalesce(expected.debit || ' / ' || expected.credit, '–') AS expected,
    entry.debit || ' / ' || entry.credit AS found
FROM memberships_pointsentry entry
LEFT JOIN memberships_pointsentry reversed ON reversed.id = entry.reverses_id
JOIN LATERAL (
    SELECT
        CASE entry.kind
            WHEN 'earn' THEN 'issued' WHEN 'spend' THEN 'liability' WHEN 'expire' THEN 'liability'
            ELSE reversed.credit
        END AS debit,
        CASE entry.kind
            WHEN 'earn' THEN 'liability' WHEN 'spend' THEN 'redeemed' WHEN 'expire' THEN 'breakage'
            ELSE reversed.debit
        END AS credit
) AS expected ON (entry.debit, entry.credit) IS DISTINCT FROM (expected.debit, expected.credit)
WHERE entry.id BETWEEN %(first)s AND %(last)s
ORDER BY entry.id
