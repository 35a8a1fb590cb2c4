-- Where the file is copied as it is: no types, no keys, no log.
DROP TABLE IF EXISTS reconcile_limit;
CREATE UNLOGGED TABLE reconcile_limit (
    "order" text, reference text, sku text, state text, started_on text, ended_on text, amount text, currency text
)
