-- The fulfilments under the numbers of lines that differ: also those that the month's bill does not know, being of
-- another month, or another partner's. Reads only, by the unique index of the key.
SELECT key, id, offer_id, partner_id, state FROM partners_fulfilment WHERE key = ANY(%(keys)s)
