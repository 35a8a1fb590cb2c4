-- Cities with the parts of a credit code that are the same for all of their firms, and trades; from the demo's lists.
CREATE TABLE bench.place (number integer PRIMARY KEY, province text, city text, body text, total integer, weights integer[]);
CREATE TABLE bench.trade (number integer PRIMARY KEY, industry text, name text);
INSERT INTO bench.place
SELECT number - 1, fact ->> 0, fact ->> 1, fact ->> 2, (fact ->> 3)::integer, %(weights)s
FROM jsonb_array_elements(%(places)s::jsonb) WITH ORDINALITY AS told (fact, number);
INSERT INTO bench.trade
SELECT number - 1, fact ->> 0, fact ->> 1
FROM jsonb_array_elements(%(trades)s::jsonb) WITH ORDINALITY AS told (fact, number)
