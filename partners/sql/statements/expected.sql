-- All that a partner may bill for a month, streamed as CSV for matching. Reads only, one snapshot.
COPY (
    SELECT key, fulfilment_id, offer_id, is_prepaid, unit_cost, units, amount, state, ended_later
    FROM partners_billed(%(partner)s, %(month)s)
) TO STDOUT WITH (FORMAT csv)
