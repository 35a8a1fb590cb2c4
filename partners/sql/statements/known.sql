-- What there is under numbers that the month's bill does not know: fulfilments of another month, or another partner's.
-- Reads only, by the unique index of the key.
SELECT key, id, offer_id, partner_id, state FROM partners_fulfilment WHERE key = ANY(%(keys)s)
