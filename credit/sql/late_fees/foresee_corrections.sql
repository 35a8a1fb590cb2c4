-- Note the range's lines of which late fees would be corrected, as items of a dry run. Reads, locks nothing.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT
    %(run)s, line_id, member_id, CASE WHEN sum(back) >= sum(again) THEN 'given_back' ELSE 'charged_again' END,
    abs(sum(back) - sum(again)), hashtextextended(string_agg(concat_ws('|', month, back, again), '|' ORDER BY month), 0),
    'foreseen'
FROM credit_late_fee_corrections(%(since)s, %(first)s, %(last)s)
GROUP BY line_id, member_id
