-- Note the range's open payments about which it is time to ask, as items of a dry run.
INSERT INTO operations_runitem (run_id, key, owner, kind, amount, seen, outcome)
SELECT
    %(run)s, id, member_id, 'ask', amount, hashtextextended(concat_ws('|', state, attempt), 0), 'foreseen'
FROM memberships_payment
WHERE state IN ('requested', 'unknown')
    -- Put off further than anything waits: a clock was ahead that dated it.
    AND (next_ask_at <= %(at)s OR next_ask_at > %(at)s::timestamptz + interval '5 minutes')
    AND id BETWEEN %(first)s AND %(last)s
