-- All that a partner may bill for a month, for matching: a row for what is alike (a million numbers at most), with its
-- numbers as lines of CSV, since a million rows of their own take longer on the way than to be found. Uses, which have no
-- number of ours, are dealt out by a hash, so that no text outgrows what a value may hold. Reads only, one snapshot.
SELECT
    fulfilment_id IS NULL, offer_id, units, state, ended_later,
    string_agg(CASE
        -- What the partner named may hold anything; our own numbers need no quotes.
        WHEN fulfilment_id IS NULL THEN '"' || replace(key, '"', '""') || '"' ELSE key
    END, E'\n')
FROM partners_billed(%(partner)s, %(month)s)
GROUP BY fulfilment_id IS NULL, offer_id, units, state, ended_later, coalesce(fulfilment_id >> 20, hashtext(key) & 63)
