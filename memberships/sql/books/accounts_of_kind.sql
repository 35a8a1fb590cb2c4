-- Entries that stand on other accounts than those of their kind. The reversal of a spend stands on the spend's, turned;
-- that of an award on the wallet, or on what is pending, and on what was issued.
SELECT
    entry.id, entry.member_id, coalesce(expected.debit || ' / ' || expected.credit, '–') AS expected,
    entry.debit || ' / ' || entry.credit AS found
FROM memberships_pointsentry entry
LEFT JOIN memberships_pointsentry reversed ON reversed.id = entry.reverses_id
JOIN LATERAL (
    SELECT
        CASE
            WHEN entry.kind IN ('earn', 'accrue') THEN 'issued'
            WHEN entry.kind = 'post' THEN 'pending'
            WHEN entry.kind IN ('spend', 'expire') THEN 'liability'
            WHEN entry.kind = 'adjust' THEN CASE WHEN entry.points < 0 THEN 'liability' ELSE 'adjustment' END
            WHEN entry.kind = 'reinstate' THEN 'breakage'
            WHEN reversed.kind = 'accrue' AND entry.debit = 'pending' THEN 'pending'
            WHEN reversed.kind IN ('earn', 'accrue') THEN 'liability'
            ELSE reversed.credit
        END AS debit,
        CASE
            WHEN entry.kind = 'accrue' THEN 'pending'
            WHEN entry.kind IN ('earn', 'post', 'reinstate') THEN 'liability'
            WHEN entry.kind = 'spend' THEN 'redeemed'
            WHEN entry.kind = 'expire' THEN 'breakage'
            WHEN entry.kind = 'adjust' THEN CASE WHEN entry.points < 0 THEN 'adjustment' ELSE 'liability' END
            WHEN reversed.kind IN ('earn', 'accrue') THEN 'issued'
            ELSE reversed.debit
        END AS credit
) AS expected ON (expected.debit, expected.credit) IS DISTINCT FROM (entry.debit, entry.credit)
WHERE entry.id BETWEEN %(first)s AND %(last)s
ORDER BY entry.id
