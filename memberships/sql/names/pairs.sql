-- What an index finds the inside of a name by: each two characters that stand beside each other, as one number, and, as a
-- number below zero, the span of keys that the record lies in (32,768 keys a span), so that the newest can be asked for.
-- Reads nothing, is the same always: indexes are made of it. models/names.py reckons the same of what is looked for.
CREATE OR REPLACE FUNCTION name_pairs(name text, key bigint) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
DECLARE
    pairs bigint[] := ARRAY[-1 - (key >> 15)];
    before bigint := ascii(name);
    code bigint;
BEGIN
    FOR place IN 2..length(name) LOOP
        code := ascii(substr(name, place, 1));
        pairs := pairs || (before << 21 | code);
        before := code;
    END LOOP;
    RETURN pairs;
END
$$
