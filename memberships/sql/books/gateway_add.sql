-- Keep a page of the gateway's list.
INSERT INTO book_gateway_record (key, amount)
SELECT key, amount FROM unnest(%(keys)s::text[], %(amounts)s::numeric[]) AS listed (key, amount)
