-- All that a partner may bill for a month, for matching: lines of CSV (number, fulfilment, offer, units, state, revoked
-- later), many to a row, since a million rows of their own take longer on the way than to be found. Reads only, one
-- snapshot.
SELECT string_agg(
    concat_ws(',', CASE
        -- What the partner named may hold anything; our own numbers need no quotes.
        WHEN fulfilment_id IS NULL THEN '"' || replace(key, '"', '""') || '"' ELSE key
    END, coalesce(fulfilment_id::text, ''), offer_id, units, state, ended_later), E'\n'
)
FROM partners_billed(%(partner)s, %(month)s)
GROUP BY fulfilment_id >> 16
