-- What a gateway said that it moved, for one audit of it: a table of the session.
CREATE TEMPORARY TABLE IF NOT EXISTS book_gateway_record (key text NOT NULL, amount numeric NOT NULL);
TRUNCATE book_gateway_record
